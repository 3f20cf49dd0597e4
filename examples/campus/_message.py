"""Tells the gateway that an application was decided: Standard Webhooks, and no word of the decision."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx


def tell(config: Mapping[str, Any], application: str) -> None:
    """Post in the background; when nobody is there, the gateway asks by itself some time.

    ``CAMPUS_WEBHOOK_URL`` is where, ``CAMPUS_WEBHOOK_SECRET`` with what to sign.
    """
    url, secret = config.get("CAMPUS_WEBHOOK_URL"), config.get("CAMPUS_WEBHOOK_SECRET")
    if url and secret:
        threading.Thread(target=_post, args=(str(url), str(secret), application)).start()


def _post(url: str, secret: str, application: str) -> None:
    body = json.dumps({"type": "recognition.changed", "data": {"id": application}})
    with suppress(httpx.HTTPError):
        httpx.post(
            url,
            content=body,
            headers=signed(secret, body),
            timeout=10,
            trust_env=urlsplit(url).hostname not in ("127.0.0.1", "localhost"),
        )


def signed(secret: str, body: str) -> dict[str, str]:
    """The three headers; ``secret`` is base64, perhaps after ``whsec_``."""
    id_, moment = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    seal = hmac.new(key, f"{id_}.{moment}.{body}".encode(), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(seal).decode('ascii')}",
    }
