"""Aggregates and single entities: what is verified, what is refused, what is read of them."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from lxml import etree

from emrex_gateway.domain import Entity, LangString, Role, texts
from emrex_gateway.errors import MetadataError
from emrex_gateway.login.saml import _metadata
from emrex_gateway.login.saml._aggregate import Pieces
from emrex_gateway.login.saml._metadata import read_metadata
from emrex_gateway.login.saml._signature import verify_in_place
from emrex_gateway.login.saml._types import Reason, Refused
from federation_files import (
    NAMESPACES,
    ONE,
    PINNED,
    SERVICE,
    TWO,
    aggregate,
    category,
    idp,
    ids,
    instant,
    signed,
    single,
    sp,
    trust,
)
from saml_issuer import EXC, NOW, SHA512, Signing, certificate

BOTH = (idp(ONE), idp(TWO), sp())


def _reason(document: bytes, **more: object) -> str:
    with pytest.raises(MetadataError) as caught:
        read_metadata(document, trust(**more))
    return caught.value.reason


def test_an_aggregate_yields_its_entities() -> None:
    """What stands in the signed document stands in the rows, roles and validity included."""
    read = read_metadata(aggregate(*BOTH), trust())

    assert [ONE, TWO, SERVICE] == ids(read.entities)
    assert [{Role.IDP}, {Role.IDP}, {Role.SP}] == [set(e.roles) for e in read.entities]
    assert {NOW + timedelta(days=7)} == {e.valid_until for e in read.entities}
    assert (NOW + timedelta(days=7), 0) == (read.valid_until, read.skipped)
    one = read.entities[0]
    assert ("fed", texts(en="One University"), ("one.example",)) == (
        one.federation,
        one.names,
        one.scopes,
    )
    assert b"" == read.entities[2].descriptor


def test_a_file_is_read_as_bytes_are() -> None:
    """A job reads from a file on the disk."""
    document = aggregate(*BOTH)
    assert read_metadata(document, trust()) == read_metadata(BytesIO(document), trust())


def test_a_descriptor_stands_alone() -> None:
    """It is kept with the namespaces that it uses, and its digest tells when it changed."""
    (one, *_) = read_metadata(aggregate(*BOTH), trust()).entities
    again = read_metadata(aggregate(idp(ONE), until=NOW + timedelta(days=3)), trust()).entities[0]
    other = read_metadata(aggregate(idp(ONE, ui="")), trust()).entities[0]

    assert ONE == etree.fromstring(one.descriptor).get("entityID")
    assert b"validUntil" not in one.descriptor
    assert (one.digest, one.descriptor) == (again.digest, again.descriptor)
    assert one.digest != other.digest


@pytest.mark.parametrize(
    "signing",
    [
        Signing(),
        Signing(key="p256"),
        Signing(key="rsa3072", digest=SHA512),
        Signing(
            transforms=(
                "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                f'<ds:Transform Algorithm="{EXC}"><ec:InclusiveNamespaces xmlns:ec="{EXC}"'
                ' PrefixList="md mdui"/></ds:Transform>',
            )
        ),
    ],
)
def test_what_libxmlsec_accepts_as_one_tree_is_accepted_piece_by_piece(signing: Signing) -> None:
    """RSA and ECDSA, other digests, a list of prefixes; both ways to verify agree."""
    pinned = (certificate("rsa2048:other"), certificate(signing.key))
    document = aggregate(*BOTH, signing=signing)

    verify_in_place(etree.fromstring(document), pinned)
    assert 3 == len(read_metadata(document, trust(certificates=pinned)).entities)


@pytest.mark.parametrize(
    "namespaces",
    [
        NAMESPACES + ' xmlns="urn:oasis:names:tc:SAML:2.0:metadata"',
        'xmlns="urn:oasis:names:tc:SAML:2.0:metadata" ' + NAMESPACES,
        NAMESPACES
        + ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
        NAMESPACES + ' xmlns:b="http://www.w3.org/2000/09/xmldsig#" xml:lang="en"',
    ],
)
def test_prefixes_stay_as_they_were_signed(namespaces: str) -> None:
    """Two prefixes for one namespace, attributes with prefixes: a child set alone reads the same."""
    strange = sp("https://strange.example/").replace(
        "<md:SPSSODescriptor", '<SPSSODescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
    )
    document = aggregate(idp(ONE), strange, namespaces=namespaces)

    verify_in_place(etree.fromstring(document), PINNED)
    assert [ONE, "https://strange.example/"] == ids(read_metadata(document, trust()).entities)


def test_text_and_entities_between_are_covered() -> None:
    """Every byte below the root counts: white space between entities as well."""
    document = aggregate(*BOTH)
    changed = document.replace(b"</md:EntityDescriptor>\n", b"</md:EntityDescriptor>\n\n", 1)

    assert document != changed
    assert "digest" == _reason(changed)


def test_a_changed_entity_is_refused_and_nothing_of_it_given_away() -> None:
    """One letter is enough, and it may be in the last entity."""
    assert "digest" == _reason(aggregate(*BOTH).replace(b"sp.example", b"xp.example"))


def test_an_added_or_removed_entity_is_refused() -> None:
    """Entities cannot come, go, or change places."""
    document = aggregate(*BOTH)
    found = re.findall(rb"<md:EntityDescriptor .*?</md:EntityDescriptor>", document, re.DOTALL)

    assert "digest" == _reason(document.replace(found[1], b""))
    assert "digest" == _reason(document.replace(found[1], found[1] + found[1]))
    swapped = document.replace(found[0], b"@").replace(found[1], found[0]).replace(b"@", found[1])
    assert "digest" == _reason(swapped)


def test_a_changed_root_is_refused() -> None:
    """Nobody lengthens the validity of what was signed."""
    document = aggregate(*BOTH)
    later = instant(NOW + timedelta(days=8)).encode()
    assert "digest" == _reason(document.replace(instant(NOW + timedelta(days=7)).encode(), later))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (aggregate(*BOTH, signing=Signing(key="rsa2048:stranger")), "signature"),
        (aggregate(*BOTH, signing=Signing(key="rsa1024")), "signature"),
        (aggregate(*BOTH, signing=Signing(uri="")), "reference"),
        (aggregate(*BOTH, signing=Signing(objects="<ds:Object/>")), "signature-shape"),
        (
            aggregate(
                *BOTH,
                signing=Signing(method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
            ),
            "algorithm",
        ),
        (b"<md:EntitiesDescriptor " + NAMESPACES.encode() + b"/>", "unsigned"),
        (
            b"<md:EntitiesDescriptor %s><md:Extensions/></md:EntitiesDescriptor>"
            % NAMESPACES.encode(),
            "unsigned",
        ),
        (
            b"<md:EntitiesDescriptor %s><md:EntityDescriptor/></md:EntitiesDescriptor>"
            % NAMESPACES.encode(),
            "unsigned",
        ),
        (b"<EntitiesDescriptor/>", "schema"),
        (b"<md:Other %s><md:EntityDescriptor/></md:Other>" % NAMESPACES.encode(), "schema"),
        (b"<a>", "malformed"),
        (b"", "malformed"),
        (b"\xff\xfe<\0a\0/\0>\0", "encoding"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "dtd"),
        (b"<?xml version='1.0'?><!-- x --><!DOCTYPE a><a/>", "dtd"),
        (b"<?pi?>" + aggregate(*BOTH), "malformed"),
        (aggregate(*BOTH, "<?pi?>"), "processing-instruction"),
        (aggregate(*BOTH, idp(TWO + "/x", ui="<?pi?>")), "processing-instruction"),
        (aggregate(*BOTH)[:-200], "malformed"),
        (aggregate(*BOTH, until=""), "no-end"),
        (aggregate(*BOTH, until="soon"), "no-end"),
        (aggregate(*BOTH, until=NOW), "expired"),
        (aggregate(*BOTH, until=NOW + timedelta(days=29)), "distant-end"),
    ],
)
def test_what_is_refused(document: bytes, reason: str) -> None:
    """Each for its own reason: MD02 (pinned key), MD03 (an end that is near), and the reader's own rules."""
    assert reason == _reason(document)


def test_the_controls_of_what_is_refused_pass() -> None:
    """A short pinned key is found out by its length, not because it is another one."""
    short = aggregate(*BOTH, signing=Signing(key="rsa1024"))
    assert "algorithm" == _reason(short, certificates=(certificate("rsa1024"),))
    assert 3 == len(
        read_metadata(aggregate(*BOTH, until=NOW + timedelta(days=28)), trust()).entities
    )
    commented = b"<?xml version='1.0' encoding='UTF-8'?>\n<!-- a -->\n" + aggregate(*BOTH)
    assert 3 == len(read_metadata(b"\xef\xbb\xbf" + commented, trust()).entities)


def test_broken_values_of_a_signature_are_refused() -> None:
    """Neither base64 nor length is libxmlsec's to judge alone."""
    document = aggregate(*BOTH)
    broken = re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>&#228;", document)
    short = re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>AAAA", document)
    none = re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>", document)

    assert ["signature-shape", "signature", "signature"] == [
        _reason(b) for b in (broken, short, none)
    ]
    assert "signature" == _reason(document, certificates=(b"no certificate",))


def test_a_second_signature_is_refused() -> None:
    """Wherever it stands among the root's children."""
    document = aggregate(*BOTH)
    signature = re.search(rb"<ds:Signature[ >].*</ds:Signature>", document, re.DOTALL)
    assert signature is not None
    behind = document.replace(
        b"</md:EntitiesDescriptor>", signature[0] + b"</md:EntitiesDescriptor>"
    )
    far = document.replace(
        b"</md:EntitiesDescriptor>",
        b"<md:Extensions>%s</md:Extensions>%s</md:EntitiesDescriptor>"
        % (b"x" * 300_000, signature[0]),
    )

    assert ["signature-shape", "signature-shape"] == [_reason(behind), _reason(far)]


def test_a_document_type_is_refused_by_the_pieces_themselves() -> None:
    """The file's beginning is looked at before; whoever reads pieces without that is safe as well."""
    document = b"<!DOCTYPE md:EntitiesDescriptor>" + aggregate(*BOTH)
    with pytest.raises(Refused) as caught:
        Pieces(
            BytesIO(document), ("{urn:oasis:names:tc:SAML:2.0:metadata}EntitiesDescriptor",), PINNED
        )
    assert Reason.DTD.value == caught.value.reason


def test_a_comment_does_not_cut_a_text() -> None:
    """It is not signed, so it may come and go on the way; what is read stays the same."""
    document = aggregate(*BOTH)
    cut = document.replace(b"One Uni", b"One<!-- --> Uni")

    assert document != cut
    assert texts(en="One University") == read_metadata(cut, trust()).entities[0].names


def test_a_file_that_is_too_big_is_not_parsed() -> None:
    """The limit is on the whole."""
    document = aggregate(*BOTH)
    assert "size" == _reason(document, max_bytes=len(document) - 1)
    assert 3 == len(read_metadata(document, trust(max_bytes=len(document))).entities)


def test_a_query_servers_answer_is_one_signed_entity() -> None:
    """The root is the entity, and the signature and the end are its own."""
    read = read_metadata(single(idp(ONE)), trust())
    assert ([ONE], 0) == (ids(read.entities), read.skipped)
    assert ["unsigned", "no-end", "signature", "schema"] == [
        _reason(document)
        for document in (
            idp(ONE).replace(" ", f" {NAMESPACES} ", 1).encode(),
            single(idp(ONE), until=""),
            single(idp(ONE), signing=Signing(key="rsa2048:stranger")),
            signed(f'<EntityDescriptor ID="x" validUntil="{instant(NOW + timedelta(1))}"/>'),
        )
    ]


def test_a_query_servers_answer_may_hold_comments_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an aggregate may; other things that are not signed may not stand there, and no giant."""
    document = single(idp(ONE))
    commented = document.replace(b"One Uni", b"One<!-- --> Uni")
    (one,) = read_metadata(commented, trust()).entities
    assert texts(en="One University") == one.names
    assert "processing-instruction" == _reason(document + b"<?pi?>")
    monkeypatch.setattr(_metadata, "MAX_ENTITY_BYTES", len(document) - 1)
    assert "size" == _reason(document)


def test_a_query_servers_answer_of_nothing_usable_is_counted() -> None:
    """An entity without an id is left out."""
    read = read_metadata(single(idp("")), trust())
    assert ((), 1) == (read.entities, read.skipped)


def test_groups_in_groups_end_with_the_shortest() -> None:
    """The earliest end counts: the document's, a group's, the entity's or the role's own."""

    def until(days: int) -> str:
        return f'validUntil="{instant(NOW + timedelta(days=days))}"'

    def group(days: int, *entities: str) -> str:
        return f"<md:EntitiesDescriptor {until(days)}>{''.join(entities)}</md:EntitiesDescriptor>"

    def named(number: int, **more: str) -> str:
        return idp(f"https://{number}.example/idp", **more)

    document = aggregate(
        named(1),
        group(5, named(2), group(6, named(3), named(4, attributes=until(4)))),
        named(5, role=until(3)),
        named(6, attributes=until(20)),
        group(0, named(7)),
        named(8, attributes='validUntil="never"'),
        '<md:EntitiesDescriptor validUntil="x">' + named(9) + "</md:EntitiesDescriptor>",
    )
    read = read_metadata(document, trust())

    assert {1: 7, 2: 5, 3: 5, 4: 4, 5: 3, 6: 7} == {
        int(e.entity_id[8]): (e.valid_until - NOW).days for e in read.entities
    }
    assert 3 == read.skipped


@pytest.mark.parametrize(
    "broken",
    [
        idp(""),
        idp("https://with a blank/"),
        idp("https://long.example/" + "x" * 1024),
        idp(TWO, attributes='validUntil="2026-02-30T00:00:00Z"'),
        idp(TWO, role='validUntil="1"'),
    ],
)
def test_a_malformed_entity_is_left_out_alone(broken: str) -> None:
    """One member's mistake does not take the federation's other members away."""
    read = read_metadata(aggregate(broken, idp(ONE)), trust())
    assert ([ONE], 1) == (ids(read.entities), read.skipped)


def test_an_entity_that_is_too_big_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index holds no giant."""
    monkeypatch.setattr(_metadata, "MAX_ENTITY_BYTES", 4000)
    read = read_metadata(
        aggregate(idp(TWO, after="<md:x>" + "x" * 4000 + "</md:x>"), idp(ONE)), trust()
    )
    assert ([ONE], 1) == (ids(read.entities), read.skipped)


def test_hidden_entities_are_marked() -> None:
    """REFEDS' category hides an entity from discovery."""
    hidden = category("http://refeds.org/category/hide-from-discovery")
    one, two = read_metadata(aggregate(idp(ONE, before=hidden), idp(TWO)), trust()).entities
    assert (True, False) == (one.hidden, two.hidden)


def test_an_entity_may_be_both() -> None:
    """A proxy is an identity provider and a service provider; another role than these is neither."""
    proxy = idp(ONE, after='<md:SPSSODescriptor protocolSupportEnumeration="x"/>')
    read = read_metadata(
        aggregate(proxy, '<md:EntityDescriptor entityID="https://aa.example/"/>'), trust()
    )
    assert [{Role.IDP, Role.SP}, set()] == [set(e.roles) for e in read.entities]
    other = read.entities[1]
    assert (
        Entity(
            federation="fed",
            entity_id="https://aa.example/",
            roles=frozenset(),
            names=(LangString("aa.example"),),
            valid_until=NOW + timedelta(days=7),
            digest=other.digest,
        )
        == other
    )
