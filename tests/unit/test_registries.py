"""Entries for the network's registries: as their schemas want them, and by our own rules without those."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from emrex_gateway.errors import ConfigError
from emrex_gateway.network import (
    EWP_COMMON,
    EWP_ENTRY,
    PointEntry,
    emreg_entry,
    entry_problems,
    ewp_manifest_entry,
)
from signing_material import certificate

PEMS = (certificate("rsa2048").decode(), certificate("p256").decode())
ENTRY = PointEntry(
    url="https://gateway.example/emrex/campus/emp",
    name="Campus University & <friends>",
    acronym="CAMPUS",
    country="FI",
    country_name="Finland",
    institutions=("Campus University", "Toinen yliopisto Ä"),
    certificates=PEMS,
    emails=("emrex@campus.example", "help@campus.example"),
)


def schema(shared: Path) -> etree.XMLSchema:
    """EWP's official schema; what it imports by address is taken from beside it."""

    class Local(etree.Resolver):
        def resolve(self, url: str, public_id: str, context: object) -> object:
            name = url.rsplit("/", 1)[-1]
            if name == "xml.xsd":
                path = shared / "data" / "elmo" / "references" / "xml.xsd"
            else:
                path = shared / "data" / "ewp" / name
            return self.resolve_filename(str(path), context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(shared / "data" / "ewp" / "manifest-entry.xsd", parser))


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    "changes",
    [{}, {"institutions": ()}, {"emails": ()}, {"certificates": PEMS[:1]}],
    ids=["all", "no institutions", "no mail", "one certificate"],
)
def test_the_ewp_entry_is_valid(shared: Path, changes: dict[str, tuple[str, ...]]) -> None:
    """EWP's own schema accepts it; and would not accept a plain http address (the control)."""
    official = schema(shared)
    document = ewp_manifest_entry(replace(ENTRY, **changes))

    official.assertValid(etree.fromstring(document))
    spoilt = document.replace(b"https://gateway", b"http://gateway")
    assert not official.validate(etree.fromstring(spoilt))


@pytest.mark.needs("shared")
def test_the_emreg_entry_is_valid(shared: Path) -> None:
    """The list's own schema accepts it as a list of one; without its certificate it would not."""
    official = json.loads((shared / "data" / "emreg" / "emreg.schema.json").read_text("utf-8"))
    listed = json.loads(emreg_entry(ENTRY))

    jsonschema.validate(listed, official)
    del listed["emps"][0]["pubKey"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(listed, official)


def test_the_ewp_entry_says_all_in_the_schemas_order() -> None:
    """Version, contacts, address, name, country, institutions, then each certificate in bare base64."""
    root = etree.fromstring(ewp_manifest_entry(ENTRY))

    assert f"{{{EWP_ENTRY}}}emrex-data-access-point" == root.tag
    assert "1.0.0" == root.get("version")
    names = [etree.QName(child) for child in root]
    assert [
        *["admin-email"] * 2,
        *["url", "name", "country-code"],
        *["institution"] * 2,
        *["certificate"] * 2,
    ] == [name.localname for name in names]
    assert [EWP_COMMON] * 2 + [EWP_ENTRY] * 7 == [name.namespace for name in names]
    assert [ENTRY.url, ENTRY.name, "FI"] == [child.text for child in root[2:5]]
    for pem, child in zip(PEMS, root[-2:], strict=True):
        der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
        assert der == base64.b64decode(child.text or "")
        assert "BEGIN" not in (child.text or "")


def test_the_emreg_entry_holds_the_present_certificate_first() -> None:
    """Who reads only the first certificate of pubKey reads the one that signs now."""
    listed = json.loads(emreg_entry(replace(ENTRY, single_fetch=True)))

    assert [{"countryCode": "FI", "countryName": "Finland", "singleFetch": True}] == listed[
        "countries"
    ]
    (point,) = listed["emps"]
    assert {"acronym", "countryCode", "url", "institutions", "pubKey"} == set(point)
    assert "".join(PEMS) == point["pubKey"]
    first = x509.load_pem_x509_certificate(point["pubKey"].encode())
    assert x509.load_pem_x509_certificate(PEMS[0].encode()) == first
    assert list(ENTRY.institutions) == point["institutions"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": "http://gateway.example/emp"}, "not https"),
        ({"url": "https://gateway.example/emp#x"}, "not https"),
        ({"country": "fi"}, "two capital letters"),
        ({"name": " "}, "the name is empty"),
        ({"name": "a\x01b"}, "control characters"),
        ({"acronym": ""}, "the acronym is empty"),
        ({"institutions": ("",)}, "an institution's name is empty"),
        ({"certificates": ()}, "1 to 4 certificates"),
        ({"certificates": PEMS * 3}, "1 to 4 certificates"),
        ({"certificates": ("".join(PEMS),)}, "a certificate cannot be read"),
        ({"certificates": ("-----BEGIN CERTIFICATE-----",)}, "a certificate cannot be read"),
        ({"emails": ("nobody@localhost",)}, "a mail address is not one"),
    ],
)
def test_an_entry_that_no_registry_takes_is_not_written(
    changes: dict[str, object], problem: str
) -> None:
    """Both writers refuse it and say why."""
    wrong = replace(ENTRY, **changes)

    assert [True] == [problem in one for one in entry_problems(wrong)]
    for write in (ewp_manifest_entry, emreg_entry):
        with pytest.raises(ConfigError, match=problem):
            write(wrong)


def test_a_demonstrations_address_is_for_its_own_client_only() -> None:
    """http passes for this machine alone, for EMREG's form alone, when asked for."""
    local = replace(ENTRY, url="http://127.0.0.1:8400/emrex/campus/emp")

    assert local.url == json.loads(emreg_entry(local, loopback=True))["emps"][0]["url"]
    for url in ("http://127.0.0.1.example/emp", "http://gateway.example/emp"):
        assert entry_problems(replace(ENTRY, url=url), loopback=True)
