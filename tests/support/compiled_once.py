"""What every application of this process compiles alike is compiled once: addresses and templates.

A world of the tests has an application of its own. Of the time to make one and to show its first
page, nearly all went into werkzeug, which writes a function for each rule, and Jinja, which
compiles each template: out of the same source each time. Both keep here what they compiled, for as
long as the process lives. Nothing is replaced by a fake: the same code runs that they compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

import flask
import jinja2
import pytest
from jinja2.bccache import Bucket
from werkzeug.routing.rules import Rule


class _Compiled(jinja2.BytecodeCache):
    """Keeps compiled templates in memory; Jinja itself compares the source before it takes one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_compile_builder = Rule._compile_builder


def _once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """What a rule's function depends on is its parts and its defaults (as they look in an address)."""
    if rule.defaults:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, append_unknown, *rule._trace)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


def pytest_configure(config: pytest.Config) -> None:
    """Keep what is compiled from here on."""
    # By setattr: a class's method and a class's options are no places of ours.
    setattr(Rule, "_compile_builder", _once)  # noqa: B010 (as said above)
    setattr(flask.Flask, "jinja_options", {"bytecode_cache": _Compiled()})  # noqa: B010 (likewise)
