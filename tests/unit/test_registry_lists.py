"""Reading the network's two lists: what is in use, what is broken, what is hostile."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import LangString, normal_address, provider_key
from emrex_gateway.errors import RegistryError
from emrex_gateway.network import (
    EMREG_MAX_BYTES,
    MAX_LISTED_CERTIFICATES,
    PointEntry,
    RegistryList,
    emreg_entry,
    ewp_manifest_entry,
    read_emreg,
    read_ewp_catalogue,
)
from registry_lists import NEWER, OLDER, bare, catalogue, country, emp, emreg, point
from signing_material import certificate

ONE, TWO = certificate("rsa2048"), certificate("p256")
URL = "https://emp.example/emp"


def read_catalogue(data: bytes, **more: Any) -> RegistryList:
    """Read a catalogue from memory."""
    return read_ewp_catalogue(io.BytesIO(data), **more)


# --- EMREG --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["emps", "ncps"])
def test_both_names_of_the_list_are_read(key: str) -> None:
    """``ncps`` is what ``emps`` was called; null entries and null countries are passed over."""
    data = emreg(None, emp(URL, ONE), None, key=key, countries=[None, country("FI", single=True)])

    found = read_emreg(data)

    assert 0 == found.skipped
    (one,) = found.points
    assert (URL, "FI", "ABC", ("Example University",), True) == (
        one.url,
        one.country,
        one.acronym,
        one.institutions,
        one.single_fetch,
    )
    assert (ONE.decode().strip(),) == one.certificates


@pytest.mark.parametrize(
    ("said", "single"),
    [
        (True, True),
        ("true", True),
        ("True ", True),
        (False, False),
        ("false", False),
        ("yes", False),
        (None, False),
        (1, False),
    ],
    ids=str,
)
def test_one_fetch_covers_a_country_only_where_the_list_says_so(said: Any, single: bool) -> None:
    """A boolean or the text "true"; missing or anything else means that another provider is offered."""
    (one,) = read_emreg(emreg(emp(URL, ONE), countries=[country("fi", said)])).points

    assert single is one.single_fetch


def test_a_country_that_says_both_is_asked_again() -> None:
    """Two entries of one country that differ: offering one provider too many loses nothing."""
    both = [country("FI", single=True), country("FI", single=False)]

    assert not read_emreg(emreg(emp(URL, ONE), countries=both)).points[0].single_fetch


def test_several_certificates_stand_in_one_text() -> None:
    """PEM after PEM, with Windows' line ends, or with line breaks that were encoded twice."""
    windows = (ONE + TWO).decode().replace("\n", "\r\n")
    twice = (ONE + TWO).decode().replace("\n", "\\n")
    bare_one = bare(ONE)

    counts = [
        len(read_emreg(emreg(emp(URL, text))).points[0].certificates)
        for text in (windows, twice, bare_one, "", "   ")
    ]

    assert [2, 2, 1, 0, 0] == counts


def test_codes_that_the_union_uses_are_iso_codes_here() -> None:
    """UK and EL are Great Britain and Greece."""
    found = read_emreg(emreg(emp(URL, ONE, "uk"), emp(f"{URL}2", ONE, "EL")))

    assert ["GB", "GR"] == [one.country for one in found.points]


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {"url": None},
        emp("http://emp.example/emp", ONE),
        emp("https://user@emp.example/emp", ONE),
        emp("javascript:alert(1)", ONE),
        emp("https://emp.example/a b", ONE),
        emp("https://emp.example\\@evil.example/", ONE),
        emp("https://emp.example:99999/", ONE),
        emp("https://emp.example/\u202e", ONE),
        emp(URL, ONE, "Finland"),
        emp("https://emp.example/" + "a" * 1000, ONE),
        emp(URL, ONE * (MAX_LISTED_CERTIFICATES + 1)) | {"pubKey": [f"x{n}" for n in range(30)]},
        emp(URL, "A" * 20_001),
    ],
    ids=[
        *(
            "no object",
            "no address",
            "http",
            "user",
            "script",
            "blank",
            "backslash",
            "port",
            "direction",
        ),
        *("country", "long address", "many certificates", "long certificate"),
    ],
)
def test_an_entry_that_cannot_be_used_is_left_out_and_counted(entry: Any) -> None:
    """One broken entry hides no other."""
    found = read_emreg(emreg(entry, emp("https://good.example/emp", ONE)))

    assert (1, ["https://good.example/emp"]) == (
        found.skipped,
        [one.url for one in found.points],
    )


def test_http_on_this_machine_is_for_demonstrations() -> None:
    """``loopback`` lets it pass, and nothing else."""
    data = emreg(emp("http://127.0.0.1:8000/emp", ONE), emp("http://emp.example/emp", ONE))

    assert 0 == len(read_emreg(data).points)
    assert 1 == len(read_emreg(data, loopback=True).points)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "format"),
        (b"<html>", "format"),
        (b"[]", "format"),
        (b"{}", "format"),
        (b'{"emps": {}}', "format"),
        (b"[" * 100_000, "format"),
        (b"\xff\xfe", "format"),
        (b" " * (EMREG_MAX_BYTES + 1), "too-large"),
        (emreg(*[1] * 4001), "too-large"),
        (emreg(*(emp(f"{URL}{number}") for number in range(2001))), "too-large"),
    ],
    ids=[
        *("empty", "page", "list", "object", "no list", "nested", "bytes", "large", "entries"),
        "providers",
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(data: bytes, reason: str) -> None:
    """A proxy's page must not empty the list."""
    with pytest.raises(RegistryError) as caught:
        read_emreg(data)

    assert reason == caught.value.reason


def test_the_name_is_read_in_each_form() -> None:
    """None (the acronym stands for it), a text, or texts by language; control characters become blanks."""
    entries = [
        emp(f"{URL}{number}", ONE, **more)
        for number, more in enumerate(
            [{}, {"name": "Exa\tmple\u202e"}, {"name": {"fi": "Nimi", "!": "Name", "en": ""}}]
        )
    ]

    assert [
        (),
        (LangString("Exa mple"),),
        (LangString("Nimi", "fi"), LangString("Name")),
    ] == [one.names for one in read_emreg(emreg(*entries)).points]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("countries", "emps", "ncps", "url", "pubKey", "name"),
                    *("institutions", "acronym", "countryCode", "singleFetch"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(_JSON, _JSON)
def test_any_json_is_read_or_refused(points: Any, countries: Any) -> None:
    """No content of the list can break the job that reads it."""
    for whole in ({"emps": points, "countries": countries}, points):
        try:
            found = read_emreg(json.dumps(whole).encode())
        except RegistryError:
            continue
        assert all(one.url.startswith("https://") for one in found.points)


# --- the catalogue ------------------------------------------------------------------------


@pytest.mark.parametrize("namespace", [NEWER, OLDER, "urn:whatever"])
def test_the_catalogues_element_counts_in_any_namespace(namespace: str) -> None:
    """The API moved to another repository; hosts write either namespace."""
    found = read_catalogue(
        catalogue(
            point(
                URL,
                ONE,
                TWO,
                names=[("en", "Name"), ("fi", "Nimi")],
                institutions=["a.example", "b.example"],
                namespace=namespace,
            )
        )
    )

    (one,) = found.points
    assert (LangString("Name", "en"), LangString("Nimi", "fi")) == one.names
    assert ("FI", URL, ("a.example", "b.example"), 2, False) == (
        one.country,
        one.url,
        one.institutions,
        len(one.certificates),
        one.single_fetch,
    )


@pytest.mark.parametrize("element", ["emrex-gateway", "ncp-direct", "emrex"])
def test_other_ways_of_sending_records_are_no_access_points(element: str) -> None:
    """Elements that sound alike are another API; one in another place is none either."""
    inside = f"<other xmlns='urn:o'>{point(URL, ONE)}</other>"
    data = catalogue(point(URL, ONE, element=element), inside, after=point(URL, ONE))

    assert RegistryList(()) == read_catalogue(data)


def test_a_prefixed_catalogue_reads_as_well() -> None:
    """Prefixes are the host's choice."""
    data = (
        f"<c:catalogue xmlns:c='urn:c' xmlns:e='{OLDER}'><c:host><c:apis-implemented>"
        f"<e:emrex-data-access-point><e:url>{URL}</e:url><e:name>N</e:name>"
        f"<e:country-code>PL</e:country-code><e:certificate>{bare(ONE)}</e:certificate>"
        "</e:emrex-data-access-point></c:apis-implemented></c:host></c:catalogue>"
    ).encode()

    assert [(URL, "PL")] == [(one.url, one.country) for one in read_catalogue(data).points]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"<html/>",
        catalogue(point(URL, ONE))[:-20],
        catalogue(point(URL, ONE), before="<!DOCTYPE catalogue>"),
        catalogue(
            point("&e;", ONE).replace("&amp;", "&"),
            before="<!DOCTYPE catalogue [<!ENTITY e 'https://evil.example/'>]>",
        ),
        catalogue(f"{'<a>' * 60}{'</a>' * 60}"),
    ],
    ids=["empty", "json", "page", "cut off", "doctype", "entity", "deep"],
)
def test_what_is_no_catalogue_is_refused_as_a_whole(data: bytes) -> None:
    """Half a catalogue is not taken for the whole; no document type is accepted."""
    with pytest.raises(RegistryError) as caught:
        read_catalogue(data)

    assert "format" == caught.value.reason


def test_broken_entries_of_the_catalogue_are_counted() -> None:
    """As in the other list."""
    data = catalogue(point("http://x.example/", ONE), point(URL, ONE, code="X"), point(URL, ONE))

    found = read_catalogue(data)

    assert (2, 1) == (found.skipped, len(found.points))


def test_our_own_entries_are_read_back() -> None:
    """What we tell the registries of our points is what we would read there."""
    entry = PointEntry(
        url="https://gateway.example/emrex/campus/emp",
        name="Campus University",
        acronym="CAMPUS",
        country="FI",
        single_fetch=True,
        institutions=("Campus University",),
        certificates=(ONE.decode(), TWO.decode()),
    )
    element = ewp_manifest_entry(entry).decode().partition("?>")[2]

    (listed,) = read_emreg(emreg_entry(entry).encode()).points
    (catalogued,) = read_catalogue(catalogue(element)).points

    assert (True, False) == (listed.single_fetch, catalogued.single_fetch)
    for one in (listed, catalogued):
        assert (entry.url, "FI", entry.institutions, 2) == (
            one.url,
            one.country,
            one.institutions,
            len(one.certificates),
        )


@pytest.mark.needs("shared")
def test_a_real_catalogue_without_access_points_is_an_empty_list(shared: Path) -> None:
    """The recorded one has hosts of every other kind."""
    data = (shared / "data" / "ewp" / "catalogue-without-emrex.xml").read_bytes()

    assert RegistryList(()) == read_catalogue(data)


def test_a_big_catalogue_is_read_in_little_memory() -> None:
    """24 MB of other hosts' institutions and keys: what is not asked for is forgotten at once."""
    program = textwrap.dedent("""
        import io
        from emrex_gateway.network import read_ewp_catalogue

        class Big(io.RawIOBase):
            # Made while it is read, so that the file itself takes no memory.
            def __init__(self):
                hei = b"<hei id='a.example'><name>" + b"n" * 900 + b"</name></hei>"
                self.parts = iter([b"<catalogue><institutions>", *[hei * 25] * 1000,
                                   b"</institutions></catalogue>"])
            def read(self, size=-1):
                return next(self.parts, b"")

        def peak():
            # Not ru_maxrss: a process that replaces a bigger one begins with that one's figure.
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

        read_ewp_catalogue(io.BytesIO(b"<catalogue/>"))
        before = peak()
        assert read_ewp_catalogue(Big()).points == ()
        print(peak() - before)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    kilobytes = int(done.stdout)
    assert kilobytes < 8 * 1024


# --- addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (URL, "HTTPS://EMP.example:443/emp/", True),
        (URL, "https://emp.example./emp", True),
        (URL, f" {URL} ", True),
        (URL, f"{URL}#top", True),
        (URL, "https://emp.example/EMP", False),
        (URL, "https://emp.example:8443/emp", False),
        (URL, "http://emp.example/emp", False),
        (URL, f"{URL}?a=1", False),
        (URL, "https://emp.example/", False),
        ("https://emp.example", "https://emp.example/", True),
        ("https://[::1]/a", "https://[::1]:443/a/", True),
    ],
    ids=[
        *("case and port", "dot", "blanks", "fragment", "path's case", "other port"),
        *("scheme", "query", "path", "root", "version 6"),
    ],
)
def test_one_address_is_one_provider(one: str, other: str, same: bool) -> None:
    """Whichever list writes it in which way; what could be another place is another provider."""
    assert same is (provider_key(one) == provider_key(other))
    assert 32 == len(provider_key(one))


@pytest.mark.parametrize("made", [normal_address, provider_key], ids=["address", "key"])
@pytest.mark.parametrize("text", ["", "emp.example", "https://", "https://a:b/", "https://[x/"])
def test_what_is_no_address_has_no_key(made: Callable[[str], str], text: str) -> None:
    """It raises, and the list's reader leaves the entry out."""
    with pytest.raises(ValueError, match=r"address|port|Port|IPv6|literal|URL"):
        made(text)
