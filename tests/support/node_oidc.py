"""Starts npm's ``oidc-provider``, a certified OpenID provider that we did not write."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

import node_packages


def install(cache: Path) -> Path:
    """Install the provider's locked packages into ``cache``, with the files that start it."""
    return node_packages.install("oidc", cache)


@contextmanager
def running(
    cache: Path,
    clients: Sequence[Mapping[str, Any]],
    accounts: Mapping[str, Mapping[str, Any]],
    host: str = "127.0.0.1",
) -> Iterator[str]:
    """Run the provider at a loopback name and yield its issuer; its process ends with the context."""
    node = shutil.which("node") or "node"
    argument = json.dumps({"clients": clients, "accounts": accounts, "host": host})
    process = subprocess.Popen(
        [node, "--import", "./compat.mjs", "server.mjs", argument],
        cwd=cache,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["issuer"]
        finally:
            process.kill()


class Browser:
    """A browser as far as a login needs one: cookies, forms, redirects up to a callback."""

    def __init__(self, callback_url: str) -> None:
        self._callback = callback_url
        self._client = httpx.Client(trust_env=False, timeout=30)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def log_in(self, url: str, login: str, *, cancel: bool = False) -> dict[str, str]:
        """Go through the provider's pages and return the parameters of the callback."""
        for _ in range(12):
            if url.startswith(self._callback):
                return dict(parse_qsl(urlsplit(url).query))
            answer = self._client.get(url)
            assert answer.status_code < 400, answer.text
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
            elif cancel:
                url = f"{url}/abort"
            else:
                prompt = "login" if 'name="login"' in answer.text else "consent"
                form = {"prompt": prompt, "login": login, "password": "any"}
                answer = self._client.post(url, data=form)
                assert answer.is_redirect, answer.text
                url = urljoin(url, answer.headers["location"])
        raise AssertionError(f"no end at {url}")
