"""Reads values out of the mapping that an administrator wrote, naming what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emrex_gateway.errors import ConfigError

MAX_TEXT = 2048


def N_(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


class Fields:
    """The settings of one login method; each value is taken once, what is left is unknown."""

    def __init__(self, owner: str, values: Mapping[str, Any], place: str = "") -> None:
        """``place`` is the setting that the values stand in, when they are a part of one."""
        self._owner = owner
        self._place = place
        self._left = dict(values)

    def wrong(self, name: str, why: str, **values: object) -> ConfigError:
        """Make the error for one setting; never quotes a value.

        ``why`` goes on from the setting's name, with ``values`` for its places;
        beside the setting's field of a form it stands by itself. The error's
        field is ``settings.<name>``.
        """
        return ConfigError(
            f"{self._owner}: the setting {name} {why % values if values else why}",
            f"settings.{self._place or name}",
            words=why,
            values=values,
        )

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there."""
        value = self._left.pop(name, default)
        if value is None or (default is None and value == ""):
            raise self.wrong(name, N_("is missing"))
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.wrong(name, N_("must be a text"))
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Take true or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, N_("must be true or false"))
        return value

    def number(self, name: str) -> int | None:
        """Take a whole number of at least 0, or ``None`` when it is not there."""
        value = self._left.pop(name, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise self.wrong(name, N_("must be a whole number, 0 or more"))

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Take a list of texts."""
        value = self._left.pop(name, default)
        if not isinstance(value, list | tuple) or len(value) > 100:
            raise self.wrong(name, N_("must be a list"))
        if not all(isinstance(part, str) and 0 < len(part) <= MAX_TEXT for part in value):
            raise self.wrong(name, N_("must be a list of texts"))
        return tuple(value)

    def table(self, name: str) -> dict[str, str]:
        """Take a table of texts."""
        value = self._left.pop(name, {})
        if not isinstance(value, Mapping) or len(value) > 100:
            raise self.wrong(name, N_("must be a table"))
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
            raise self.wrong(name, N_("must be a table of texts"))
        return dict(value)

    def tables(self, name: str) -> list[Mapping[str, Any]]:
        """Take a list of tables, which must not be empty."""
        value = self._left.pop(name, None)
        if not isinstance(value, list | tuple) or not 0 < len(value) <= 100:
            raise self.wrong(name, N_("must be a list of tables that is not empty"))
        if not all(isinstance(part, Mapping) for part in value):
            raise self.wrong(name, N_("must be a list of tables"))
        return list(value)

    def reference(self, name: str) -> str | None:
        """Take a reference to a secret; a secret itself is refused."""
        value = self.text(name, "")
        if value and not value.startswith(("env:", "file:")):
            raise self.wrong(
                name, N_("must be a reference (env:NAME or file:/path), not the secret")
            )
        return value or None

    def end(self) -> None:
        """Raises ``ConfigError`` when something was not taken."""
        if self._left:
            first = self._place or min(self._left)
            raise ConfigError(
                f"{self._owner}: unknown settings: {', '.join(sorted(self._left))}",
                f"settings.{first}",
            )
