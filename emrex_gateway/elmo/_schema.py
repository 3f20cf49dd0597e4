"""Our own grammars of ELMO 1 and 2, compiled once a process.

They are written from the format's facts and give the official schemas' verdict on every
document, which the tests compare; docs/decisions/0002-own-grammar.md says why they exist.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any

from lxml import etree

from emrex_gateway.domain import ElmoVersion
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._tree import path_of

_FILES = {ElmoVersion.V1_7: "elmo1.xsd", ElmoVersion.V2_0: "elmo2.xsd"}
_VALIDATION = Lock()
"""A compiled schema keeps the log of its last run: one thread at a time."""
_MAX_PROBLEMS = 20


class _PackageFiles(etree.Resolver):
    """Answers imports among the grammars from the package, and nothing else."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        name = (system_url or "").rsplit("/", 1)[-1]
        return self.resolve_string(_read(name), context, base_url=name)


def _read(name: str) -> bytes:
    return (files("emrex_gateway.elmo") / "_grammar" / name).read_bytes()


@cache
def grammar(version: ElmoVersion) -> etree.XMLSchema:
    """Return the compiled grammar of a release. Validate from one thread at a time."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_PackageFiles())
    name = _FILES[version]
    return etree.XMLSchema(etree.fromstring(_read(name), parser, base_url=name))


def schema_problems(root: etree._Element, version: ElmoVersion) -> tuple[Problem, ...]:
    """Return what the grammar finds, without the values that libxml2's messages quote."""
    schema = grammar(version)
    tree = root.getroottree()
    with _VALIDATION:
        if schema.validate(tree):
            return ()
        entries = [(e.path, e.type_name, e.line) for e in list(schema.error_log)[:_MAX_PROBLEMS]]
    # libxml2's paths use the document's own prefixes; one walk finds them for all.
    declared = etree.iterwalk(tree, events=("start-ns",))
    prefixes = {found[0]: found[1] for _, found in declared if found and found[0]}
    return tuple(_problem(tree, prefixes, *entry) for entry in entries)


def _problem(
    tree: etree._ElementTree[etree._Element],
    prefixes: dict[str, str],
    path: str | None,
    kind: str,
    line: int,
) -> Problem:
    message = _MESSAGES.get(kind, kind.removeprefix("SCHEMAV_").replace("_", " ").lower())
    return Problem("schema", _where(tree, prefixes, path), message, line)


def _where(
    tree: etree._ElementTree[etree._Element], prefixes: dict[str, str], path: str | None
) -> str:
    """Return the element's names for libxml2's path."""
    if not path:
        return "elmo"
    try:
        found: object = tree.xpath(path, namespaces=prefixes)
    except etree.XPathError:  # one prefix for two namespaces: the line must do
        return "elmo"
    first: object = found[0] if isinstance(found, list) and found else None
    return path_of(first) if isinstance(first, etree._Element) else "elmo"


_MESSAGES = {
    "SCHEMAV_ELEMENT_CONTENT": "an element that is not expected here, or one that is missing",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "not a value of its type",
    "SCHEMAV_CVC_ENUMERATION_VALID": "not one of the allowed values",
    "SCHEMAV_CVC_PATTERN_VALID": "not of the allowed form",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "must be empty",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "elements where only text is allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "text where only elements are allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "an attribute that is not allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "an attribute is missing",
    "SCHEMAV_CVC_ELT_1": "not an element that a document can start with",
}
