"""Drives the transfers of ``--check``: exports of two institutions' students, and an import."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from examples.demo._browser import PageError
from examples.demo._check_export import Export
from examples.demo._check_import import Import
from examples.demo._parties import Announcement
from examples.demo._run import Failed

LOGINS = {"campus": ("",), "virta": ("virta-saml", "virta-oidc")}
"""The login methods that are driven; the host's own user is the only one at *campus*."""


def check(announcement: Announcement, out: Path | None) -> bool:
    """Drive the transfers, print each step's time, and tell whether all of it held."""
    good = True
    exports = [
        Export(announcement, person, out, login)
        for person in announcement.students
        if person.checked
        for login in LOGINS[person.institution]
    ]
    runs: list[Export | Import] = [*exports, Import(announcement, out)]
    for run in runs:
        try:
            run.go()
        except (Failed, PageError, httpx.HTTPError) as error:
            print(f"{run.name}: FAILED: {error}", file=sys.stderr, flush=True)
            good = False
    print("all transfers hold" if good else "a transfer failed", flush=True)
    return good
