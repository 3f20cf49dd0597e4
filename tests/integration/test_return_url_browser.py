"""Our reading of return addresses against the browsers': Node's ``URL`` implements the WHATWG standard."""

from __future__ import annotations

import json
import random
import subprocess

import pytest

from emrex_gateway.errors import BadReturnAddress
from emrex_gateway.network import check_return_url

PROGRAM = """
const urls = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(urls.map((text) => {
  try { const u = new URL(text); return [u.protocol, u.hostname, u.username, u.password, u.hash]; }
  catch { return null; }
})));
"""
PIECES = [
    *("https://", "http://", "HTTPS://", "https:", "https:/", "https:\\\\", "//"),
    *("a", "B", "client.example", "evil.example", "xn--mnchen-3ya", "xn--a", "münchen", "日本"),
    *("127.0.0.1", "127.1", "0x7f", "1", "256", "[::1]", "[::ffff:1.2.3.4]", "localhost"),
    *(".", "..", ":", ":80", ":443", ":0", "@", "/", "//", "\\", "?", "#", "%2e", "%40", "%00"),
    *("\t", "\n", " ", "\u00ad", "\u200d", "\u3002", "\uff0e", "\uff21", "ß", "ς", "İ", "\u212a"),
    *("\u0308", "é", "_", "-", "--", "&", ";", "'", "~", "*", "|", "^", "\u202e", "\ufeff"),
]


def addresses() -> list[str]:
    """Random joins of awkward pieces, most of them beginning as an address does."""
    chosen = random.Random(20260301)
    found = []
    for _ in range(60_000):
        pieces = [chosen.choice(PIECES) for _ in range(chosen.randint(1, 5))]
        begin = chosen.choice(["https://", "https://", "https://client.", "http://", ""])
        found.append(begin + "".join(pieces))
    return found


@pytest.mark.needs("node")
def test_browsers_read_what_we_accept_as_we_do() -> None:
    """Every address that we accept is one to a browser too, with the host that we show."""
    accepted = {}
    for url in addresses():
        try:
            accepted[url] = check_return_url(url, http_on_loopback=True, allowed_hosts=frozenset())
        except BadReturnAddress:
            continue
    assert len(accepted) > 500
    done = subprocess.run(
        ["node", "-e", PROGRAM],
        input=json.dumps(list(accepted)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    seen = dict(zip(accepted, json.loads(done.stdout), strict=True))
    different = {
        url: (host, seen[url])
        for url, host in accepted.items()
        if seen[url] != [url.split(":")[0].lower() + ":", host, "", "", ""]
    }
    assert {} == different
