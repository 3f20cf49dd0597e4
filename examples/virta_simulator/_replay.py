"""Recorded answers, served byte for byte."""

from __future__ import annotations

from pathlib import Path

_FOLDERS = {"OpiskelijanKaikkiTiedot": "responses", "OpiskelijanTiedot": "people"}


class Recording:
    """Answers by operation and by the identifier asked for, which is the file's name.

    The folder holds ``responses`` and ``people``; ``empty.xml`` in the first
    answers about everybody else, when it is there. Read once: an identifier is
    looked up, never made into a path.
    """

    def __init__(self, folder: Path) -> None:
        self._answers: dict[tuple[str, str], bytes] = {}
        for operation, name in _FOLDERS.items():
            for file in sorted((folder / name).glob("*.xml")):
                self._answers[operation, file.stem] = file.read_bytes()
        if not self._answers:
            raise SystemExit(f"no recorded answers in {folder}")

    def answer(self, operation: str, asked: str) -> tuple[int, bytes] | None:
        """Return HTTP status and bytes; a fault goes out with 500, as SOAP 1.1 says."""
        body = self._answers.get((operation, asked))
        if body is None and operation == "OpiskelijanKaikkiTiedot":
            body = self._answers.get((operation, "empty"))
        if body is None:
            return None
        return (500 if b"Fault>" in body else 200), body
