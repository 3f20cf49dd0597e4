"""A process of another user: what it cannot read, it cannot use."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[tuple[Path, Callable[[], None]]]:
    """Yield a folder, and what makes a forked process lose its rights over the ``keys`` in it.

    Run as root (as in CI), the process becomes another user, to whom the rest
    of the folder belongs. Run as anybody else there is no other user to be,
    and the process keeps its rights.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            folder.chmod(0o777)

        def become() -> None:
            if os.geteuid() != 0:
                return
            for path in [folder, *folder.iterdir()]:
                if path.name not in ("keys", "key.pem"):
                    os.chown(path, NOBODY, NOBODY)
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        yield folder, become
