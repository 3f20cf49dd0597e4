"""Imports as files in a directory; ``plugin`` is the entry point. The README describes the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from emrex_files._settings import FilesSettings
from emrex_files._sink import FilesSink
from emrex_gateway.domain import Institution, Student, StudyRecord
from emrex_gateway.errors import AdapterError
from emrex_gateway.ports import Adapter

__all__ = ["FilesPlugin", "FilesSettings", "plugin"]


class FilesPlugin:
    """Opens directories; see ``emrex_gateway.ports.AdapterPlugin``."""

    name = "files"
    api_version = 1
    settings_type = FilesSettings
    capabilities = ("imports",)

    @contextmanager
    def open(self, institution: Institution, settings: FilesSettings) -> Iterator[Adapter]:
        """Yield an adapter that takes imports and has no records of its own."""
        sink = FilesSink(settings)
        yield Adapter(ping=sink.ping, sink=sink)

    def convert(
        self, institution: Institution, settings: FilesSettings, answer: bytes
    ) -> tuple[Student, Sequence[StudyRecord]]:
        """Raises ``AdapterError``: there are no records to map."""
        raise AdapterError("this adapter reads no records")


plugin = FilesPlugin()
