"""Puts imports into the directory, and reads decisions out of it.

An import is written beside its place and moved there in one step, after every
byte is on the disk: who looks into the directory sees all of it or nothing.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from emrex_files._decision import DECISION, key_of, recognition_of
from emrex_files._import import LISTING, File, files_of, folder_name
from emrex_files._settings import FilesSettings
from emrex_gateway.domain import ImportedResults, Receipt, Recognition, RecognitionState, Student
from emrex_gateway.errors import AdapterError, AdapterRefused, AdapterUnavailable

MAX_BYTES: Final = 100_000_000
"""Of a JSON file that is read back."""
LEFTOVER_SECONDS: Final = 24 * 3600
"""What a worker that was killed left half-written is removed after so long."""

_HALF: Final = ".half-"
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_THERE: Final = frozenset({errno.EEXIST, errno.ENOTEMPTY})


class FilesSink:
    """Writes into one directory; see ``emrex_gateway.ports.ResultSink``."""

    def __init__(self, settings: FilesSettings) -> None:
        self._root = Path(settings.directory)
        self._shared = settings.group_readable

    def ping(self) -> None:
        """Raise ``AdapterError`` unless the directory is there and can be written to."""
        with _explained():
            half = self._make_half()
            self._write(half, File("ping", b"ping"))
            shutil.rmtree(half)

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        """Write the import into a folder of its own, unless it is there already.

        Raises ``AdapterUnavailable`` while the directory is away or full,
        ``AdapterRefused`` when we may not write, ``AdapterError`` when another
        import has the folder's name.
        """
        name = folder_name(results)
        with _explained():
            if (self._root / name).exists():
                return self._known(name, results.key)
            self._remove_leftovers()
            half = self._make_half()
            try:
                for file in files_of(student, results):
                    self._write(half, file)
                _sync(half)
                return self._publish(half, name, results.key)
            finally:
                shutil.rmtree(half, ignore_errors=True)

    def recognition(self, receipt: Receipt) -> Recognition:
        """Read ``recognition.json`` beside the import; without one nothing is decided yet.

        Raises ``AdapterError`` for a folder that is gone and a file that cannot be read as a decision.
        """
        if receipt.id != Path(receipt.id).name or receipt.id.startswith("."):
            raise AdapterError("the receipt is not one of this adapter's")
        with _explained():
            folder = self._root / receipt.id
            self._root.stat()  # a directory that is away is another trouble than a folder
            if not folder.is_dir():
                raise AdapterError("the import's folder is not there any more")
            decision = self._read(folder / DECISION)
            if decision is None:
                return Recognition(state=RecognitionState.SUBMITTED)
            listing = self._read(folder / LISTING)
        if listing is None:
            raise AdapterError(f"the import's folder has no {LISTING}")
        return recognition_of(listing, decision)

    def _publish(self, half: Path, name: str, key: str) -> Receipt:
        """Move the folder to its place; when somebody was faster, theirs stays."""
        try:
            half.rename(self._root / name)
        except OSError as error:
            if error.errno not in _THERE:
                raise
            return self._known(name, key)
        _sync(self._root)
        return Receipt(id=name)

    def _known(self, name: str, key: str) -> Receipt:
        listing = self._read(self._root / name / LISTING)
        if listing is None or key_of(listing) != key:
            raise AdapterError("another folder has the import's name")
        return Receipt(id=name)

    def _make_half(self) -> Path:
        half = self._root / f"{_HALF}{secrets.token_hex(8)}"
        half.mkdir(mode=0o700)
        if self._shared:
            half.chmod(0o770)
        return half

    def _write(self, folder: Path, file: File) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(folder / file.name, flags, 0o600), "wb") as opened:
            opened.write(file.data)
            opened.flush()
            if self._shared:
                os.fchmod(opened.fileno(), 0o640)
            os.fsync(opened.fileno())

    def _read(self, path: Path) -> bytes | None:
        """Return a file's bytes, ``None`` when it is not there. No links, no pipes, no endless files."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise AdapterError(f"{path.name} is not a plain file")
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise AdapterError(f"{path.name} is too large")
        return data

    def _remove_leftovers(self) -> None:
        before = time.time() - LEFTOVER_SECONDS
        for half in _halves(self._root.iterdir()):
            with suppress(OSError):
                if half.stat().st_mtime < before:
                    shutil.rmtree(half, ignore_errors=True)


def _halves(entries: Iterator[Path]) -> Sequence[Path]:
    return [entry for entry in entries if entry.name.startswith(_HALF)]


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained() -> Iterator[None]:
    """Tell what the file system's errors mean; paths hold references, and stay out of the message."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else type(error).__name__
        if error.errno in _REFUSED:
            raise AdapterRefused(f"the directory may not be used: {why}") from None
        if error.errno == errno.ELOOP:
            raise AdapterError("a link stands where a file should be") from None
        raise AdapterUnavailable(f"the directory cannot be used now: {why}") from None
