"""The description of the interface for programs, in OpenAPI 3.1. Its words are English: programmers read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from emrex_gateway.domain import AttachmentType, DecisionStatus, LosType, Status
from emrex_gateway.elmo import REMARKS
from emrex_gateway.examining import Caution, Kind, Standing, Typed, Verdict

Json = dict[str, Any]
VERSION = "1.0"
"""The interface's own; what it answers may gain properties within one, and lose none."""


def document(public_url: str, largest: int) -> Json:
    """Return the description; ``largest`` is the most bytes of a file."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Checking signed study records",
            "version": VERSION,
            "description": (
                "Says who signed an ELMO file or a signed copy of a transcript, whether it is whole and"
                " unchanged, whose records it holds, and which. Nothing of the file is kept."
            ),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": public_url}],
        "security": [],
        "paths": {"/api/verify": {"post": _operation(largest)}},
        "components": {"schemas": _schemas()},
    }


def _operation(largest: int) -> Json:
    file: Json = {
        "type": "string",
        "format": "binary",
        "description": f"At most {largest} bytes, as it comes and unpacked.",
    }
    raw = {"schema": file}
    return {
        "operationId": "verify",
        "summary": "Check a file",
        "description": (
            "Send the file exactly as you got it: an ELMO file (XML), the base64 or gzip of one as it"
            " travels, or a PDF. An answer of 200 says only that the file was looked at: read `verdict`."
        ),
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": raw,
                "application/xml": raw,
                "application/pdf": raw,
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": file,
                            "code": {
                                "type": "string",
                                "maxLength": 100,
                                "description": "A code read off paper, to be compared with the file's.",
                            },
                        },
                    }
                },
            },
        },
        "responses": {
            "200": {
                "description": "What the file is.",
                "content": {"application/json": {"schema": _ref("Answer")}},
            },
            "413": _refusal("The file is too large."),
            "415": _refusal("A form of another kind than multipart/form-data."),
            "422": _refusal("There is no file in the request."),
            "429": _refusal("Too many files from this network.", waits=True),
            "503": _refusal("The service is busy.", waits=True),
        },
    }


def _refusal(description: str, *, waits: bool = False) -> Json:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    found: Json = {"description": description, "content": content}
    if waits:
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        found["headers"] = {"Retry-After": seconds}
    return found


def _schemas() -> Json:
    return {
        "Answer": _answer(),
        "Signature": _object(
            {
                "subject": _text("The certificate's subject."),
                "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "not_before": _MOMENT,
                "not_after": _MOMENT,
                "signature_method": _text("Such as rsa-sha256."),
                "digest_method": _text("Such as sha256."),
                "canonicalization": _text("Such as c14n; pades for a PDF."),
                "warnings": _list(_text("In English.")),
            }
        ),
        "Signatory": _object(
            {
                "standing": _enum(
                    Standing, "An institution of this service, or of the network's lists."
                ),
                "names": _list(_ref("Text")),
                "country": _or_null(_text("ISO 3166-1 alpha-2.")),
                "address": _or_null(
                    _text("The provider's web address; an own institution's short name.")
                ),
                "first_seen": _or_null(_MOMENT),
                "last_seen": _or_null(_MOMENT),
            }
        ),
        "Document": _document(),
        "Report": _object({**_stated(), "decisions": _list(_ref("Decision"))}),
        "Basis": _object(_stated(), "What a decision rests on, as one institution stated it."),
        "Decision": _decision(),
        "Record": _record(),
        "Attachment": _object(
            {
                "type": _or_null(_enum(AttachmentType, "What it is.")),
                "titles": _list(_ref("Text")),
                "files": _list(
                    _object({"media_type": {"type": "string"}, "bytes": {"type": "integer"}}),
                    "By their contents, whatever the file says that they are.",
                ),
            }
        ),
        "Identifier": _object({"type": {"type": "string"}, "value": {"type": "string"}}),
        "Text": _object({"lang": _or_null(_text("A BCP 47 tag.")), "value": {"type": "string"}}),
        "Problem": _object(
            {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
            },
            "A refusal (RFC 9457).",
        ),
    }


def _answer() -> Json:
    return _object(
        {
            "verdict": _enum(
                Verdict,
                "Rely on `genuine` only. `careful`: the signature holds, but see `cautions`. `unknown`: whole,"
                " and signed by somebody whom this service does not know. `refused`: see `reason`.",
            ),
            "kind": _enum(Kind, "An ELMO file, the signed copy of a transcript (PDF), or neither."),
            "reason": _or_null(_text("A code for what is wrong; null where the contents hold.")),
            "message": _or_null(_text("The same in English.")),
            "cautions": _list(_enum(Caution, "What to know beside a signature that holds.")),
            "code": _or_null(_text("The code that is printed on the transcript.")),
            "typed_code": _enum(Typed, "How the code that was sent along compares."),
            "signature": _or_null(_ref("Signature")),
            "signatories": _list(_ref("Signatory"), "Whose certificate it is."),
            "claimed_by": _or_null(_text("Whose signature a file that does not hold says it is.")),
            "document": _or_null(_ref("Document")),
        }
    )


def _document() -> Json:
    return _object(
        {
            "release": _text("Such as 1.7, 2.0, or the dialect."),
            "generated_at": _MOMENT,
            "learner": _object(
                {
                    "family_name": {"type": "string"},
                    "given_names": {"type": "string"},
                    "birth_date": _or_null({"type": "string", "format": "date"}),
                },
                "Without identifiers: these are in the file.",
            ),
            "reports": _list(_ref("Report")),
            "attachments": _list(_ref("Attachment")),
            "problems": _list({"type": "string"}, "What breaks the format's rules."),
            "warnings": _list(
                {"type": "string", "enum": sorted(REMARKS)},
                "What was mended or left out in reading.",
            ),
        }
    )


def _stated() -> dict[str, Json]:
    return {
        "issuer": _object(
            {
                "titles": _list(_ref("Text")),
                "country": _or_null(_text("ISO 3166-1 alpha-2.")),
                "url": _or_null({"type": "string"}),
                "identifiers": _list(_ref("Identifier")),
            }
        ),
        "issued_at": _MOMENT,
        "records": _list(_ref("Record"), "In the order of reading, each before what is below it."),
    }


def _decision() -> Json:
    end = _text("An identifier of the type local.")
    return _object(
        {
            "status": _enum(DecisionStatus, "What became of the studies that were brought."),
            "decided_on": _or_null({"type": "string", "format": "date"}),
            "titles": _list(_ref("Text")),
            "descriptions": _list(_ref("Text")),
            "basis": _list(_ref("Basis"), "What was brought."),
            "results": _list(_ref("Record"), "What counts."),
            "mapping": _list(
                _object({"from": end, "to": end}),
                "What of the basis counts as which result; what is in no pair does not count.",
            ),
        },
        "A decision on recognition of studies elsewhere (ELMO 2).",
    )


def _record() -> Json:
    return _object(
        {
            "depth": {"type": "integer", "minimum": 0},
            "titles": _list(_ref("Text")),
            "type": _or_null(_enum(LosType, "What was studied.")),
            "identifiers": _list(_ref("Identifier")),
            "status": _enum(Status, "Whether it was passed."),
            "date": _or_null({"type": "string", "format": "date"}),
            "grade": _or_null({"type": "string"}),
            "credits": _list(
                _object(
                    {
                        "scheme": {"type": "string"},
                        "value": _or_null({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}),
                    }
                )
            ),
        }
    )


_MOMENT: Json = {"type": "string", "format": "date-time"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(description: str) -> Json:
    return {"type": "string", "description": description}


def _enum(values: Iterable[StrEnum], description: str) -> Json:
    return {"type": "string", "enum": [one.value for one in values], "description": description}


def _list(items: Json, description: str = "") -> Json:
    found: Json = {"type": "array", "items": items}
    return {**found, "description": description} if description else found


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: Mapping[str, Json], description: str = "") -> Json:
    """An object with just these properties, all of them there."""
    found: Json = {
        "type": "object",
        "required": list(properties),
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {**found, "description": description} if description else found
