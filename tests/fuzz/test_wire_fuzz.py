"""Whatever comes over the wire, only the documented errors come out."""

from __future__ import annotations

import base64
import gzip
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway.domain import ReturnCode, SignedElmo
from emrex_gateway.errors import BadReturnAddress, EnvelopeError, PeerError, SignatureError
from emrex_gateway.network import (
    check_return_url,
    open_file,
    pack,
    parse_request,
    reply_fields,
    unpack,
    unpack_elmo,
)
from emrex_gateway.signing import WEAK, inspect, verify
from signing_material import DOCUMENTS, certificate, foreign_sign

SIGNED = foreign_sign(DOCUMENTS["plain"].encode())
TRUSTED = [certificate("rsa2048")]
GENUINE = verify(SignedElmo(SIGNED), TRUSTED).xml

any_text = st.text(max_size=300)
near_base64 = st.text("ABCabc019+/= \r\n-_<", max_size=200)
wire = st.one_of(
    any_text,
    near_base64,
    st.binary(max_size=300).map(lambda b: base64.b64encode(b).decode()),
    st.binary(max_size=300).map(lambda b: base64.b64encode(gzip.compress(b)).decode()),
    st.binary(max_size=300).map(lambda b: base64.b64encode(b"\x1f\x8b\x08" + b).decode()),
)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with pieces removed, replaced, moved and repeated."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(changed) - 1)))
        end = min(len(changed), start + draw(st.integers(0, 60)))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"<!-- -->", b"&#13;", b"<Signature/>", b"<!DOCTYPE x>", b'URI="#x"', b"]]>"]
                ),
                st.just(bytes(changed[start:end] * 2)),
            )
        )
        changed[start:end] = piece
    return bytes(changed)


@settings(max_examples=500, deadline=None)
@given(wire)
def test_unpacking(text: str) -> None:
    """A document within the limit, or ``EnvelopeError``."""
    with suppress(EnvelopeError):
        assert len(unpack_elmo(text, limit=250).xml) <= 250


@settings(max_examples=200, deadline=None)
@given(mutated(gzip.compress(SIGNED, mtime=0)))
def test_unpacking_damaged_gzip(data: bytes) -> None:
    """The checksum notices; a changed header may pass, changed contents may not."""
    with suppress(EnvelopeError):
        xml = unpack_elmo(base64.b64encode(data).decode()).xml
        # What no longer begins like gzip was not unpacked.
        assert xml == (SIGNED if data.startswith(b"\x1f\x8b") else data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_opening_files(data: bytes) -> None:
    """Support opens anything."""
    with suppress(EnvelopeError):
        open_file(data, limit=1000)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["sessionId", "returnCode", "returnMessage", "elmo", "x"]),
        st.one_of(wire, st.sampled_from(["NCP_OK", "EMP_CANCEL", "ncp_ok", "s"])),
    )
)
def test_replies(fields: dict[str, str]) -> None:
    """A reply, or ``EnvelopeError``."""
    with suppress(EnvelopeError):
        assert unpack(fields, limit=1000).return_code in ReturnCode


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["sessionId", "returnUrl", "allowToPickCourses", "allowNotPassedCourses", "x"]
        ),
        st.one_of(any_text, st.sampled_from(["true", "FALSE", "https://a.example/"])),
    )
)
def test_requests(form: dict[str, str]) -> None:
    """A request whose session id goes back as it came, or ``PeerError``."""
    with suppress(PeerError):
        asked = parse_request(form)
        fields = reply_fields(session_id=asked.session_id, code=ReturnCode.CANCEL)
        assert form["sessionId"] == fields["sessionId"]


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(
        any_text,
        st.text("htps:/\\@#?.[]%0x1aé。- \t", max_size=40).map("https:".__add__),
        st.text("ab.@:/\\?#[]%1é\u00ad\u200d。\uff10xn-", max_size=30).map("https://".__add__),
        st.from_regex(r"https?://[a-z0-9.-]{1,20}(:[0-9]{1,6})?(/[!-~]{0,20})?", fullmatch=True),
    )
)
def test_return_addresses(url: str) -> None:
    """A host that may be shown, or ``BadReturnAddress``."""
    with suppress(BadReturnAddress):
        host = check_return_url(url, http_on_loopback=True, allowed_hosts=frozenset())
        assert host.isascii()
        assert host == host.lower()
        assert not set(host) & set("@/\\?#% ")
        # The host that is shown, put in the address's place, is the same host again.
        assert host == check_return_url(
            f"https://{host}/", http_on_loopback=False, allowed_hosts=frozenset({host})
        )


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000).map(lambda b: b"<elmo>" + b))
def test_packing_loses_nothing(xml: bytes) -> None:
    """What is packed is unpacked."""
    assert xml == unpack_elmo(pack(SignedElmo(xml))).xml


@settings(max_examples=500, deadline=None)
@given(mutated(SIGNED))
def test_verifying_mutations(xml: bytes) -> None:
    """``SignatureError``, or exactly what was signed; and looking at it never raises."""
    with suppress(SignatureError):
        assert GENUINE == verify(SignedElmo(xml), TRUSTED).xml
    seen = inspect(SignedElmo(xml), TRUSTED, WEAK)
    assert (seen.facts is None) is (seen.reason is not None)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), any_text.map(str.encode)))
def test_verifying_anything(xml: bytes) -> None:
    """Never anything but ``SignatureError``."""
    with suppress(SignatureError):
        verify(SignedElmo(xml), TRUSTED, WEAK)
        raise AssertionError("nobody signed this")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=200), mutated(TRUSTED[0])), max_size=3))
def test_strange_certificates(certificates: list[bytes]) -> None:
    """A certificate that is damaged in part may still carry the key; it never carries another one."""
    with suppress(SignatureError):
        assert GENUINE == verify(SignedElmo(SIGNED), certificates).xml
