"""Keys are made in the signing worker's own place, once, and only their public half leaves it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from emrex_gateway.domain import AccessPoint, KeyKind, KeyPlace, KeyState, SigningKey, UnsignedElmo
from emrex_gateway.errors import SigningError
from emrex_gateway.settings import Settings
from emrex_gateway.signing import KeyRing, Locksmith, check_issued, verify
from signing_material import DOCUMENTS, PIN, secrets, token_references

NOW = datetime.now(UTC)


def order(**changes: Any) -> SigningKey:
    """An order for an EC key in the directory: quick to make."""
    values: dict[str, Any] = {
        "id": "0123456789abcdef" * 2,
        "access_point": "campus",
        "kind": KeyKind.EC,
        "place": KeyPlace.DIRECTORY,
        "state": KeyState.ORDERED,
        "common_name": "gateway.example",
        "organization": "Yliopisto Ä, kokeilu",
        "country": "FI",
        "host": "gateway.example",
        "ordered_at": NOW,
        "changed_at": NOW,
    }
    return SigningKey(**{**values, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.mkdir(mode=0o700)
    return made


def smith(folder: Path | str, token: str = "") -> Locksmith:
    settings = Settings(
        public_url="https://gateway.example", key_directory=str(folder), key_token=token
    )
    return Locksmith(settings, secrets, lambda: NOW)


def test_an_rsa_key_has_3072_bits_and_a_file_that_only_the_worker_reads(folder: Path) -> None:
    """The default is what every known client verifies; the file is 0600, whatever the umask."""
    before = os.umask(0)
    try:
        made = smith(folder).make(order(kind=KeyKind.RSA))
    finally:
        os.umask(before)

    public = load_pem_public_key(made.public_key.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert 3072 == public.key_size
    (path,) = folder.iterdir()
    assert 0o600 == path.stat().st_mode & 0o777
    assert f"file:{path}" == made.reference
    assert KeyKind.RSA is made.kind


def test_what_leaves_the_worker_holds_no_private_key(folder: Path) -> None:
    """Reference, public key and request; and the request says who asks, and proves the key."""
    made = smith(folder).make(order())

    assert "PRIVATE" not in repr(made)
    request = x509.load_pem_x509_csr(made.request.encode())
    assert request.is_signature_valid
    assert "CN=gateway.example,O=Yliopisto Ä\\, kokeilu,C=FI" == request.subject.rfc4514_string()
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ["gateway.example"] == names.get_values_for_type(x509.DNSName)
    usage = request.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign


def test_asked_twice_it_is_the_same_key(folder: Path) -> None:
    """The job may run again: the key that is there is found, and stays."""
    first, second = smith(folder).make(order()), smith(folder).make(order())

    assert first.public_key == second.public_key
    assert 1 == len(list(folder.iterdir()))


def _die_at(function: str, number: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills the process before the n-th line that runs in that function."""
    left = number

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_name != function:
            return trace if event == "call" else None
        if event == "line":
            left -= 1
            if left == 0:
                os._exit(9)
        return trace

    return trace


@pytest.mark.parametrize("function", ["_write", "_shred", "make"])
def test_a_kill_between_any_two_lines_never_leaves_two_keys_or_half_a_one(
    folder: Path, function: str
) -> None:
    """Whatever line the worker is killed at, the next attempt ends with one whole key of 0600."""
    number, status = 0, 9
    while status == 9:
        number += 1
        key = order(id=f"{number:032x}")
        (folder / f"emrex-{key.id}.new").write_text("half of a key from an attempt before")
        child = os.fork()
        if child == 0:
            sys.settrace(_die_at(function, number))
            smith(folder).make(key)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        left = sorted(path.name for path in folder.glob(f"*{key.id}*"))
        assert len(left) <= 1, left
        made = smith(folder).make(key)
        (path,) = folder.glob(f"*{key.id}*")
        assert f"file:{path}" == made.reference
        assert 0o600 == path.stat().st_mode & 0o777
        assert smith(folder).make(key).public_key == made.public_key
    assert 0 == status
    assert number > 4


def test_a_destroyed_key_is_gone_and_destroying_again_does_nothing(folder: Path) -> None:
    """The file is overwritten before it goes: another name for it shows zeros only."""
    made = smith(folder).make(order())
    path = Path(made.reference.removeprefix("file:"))
    other_name = folder.parent / "hard link"
    other_name.hardlink_to(path)

    smith(folder).destroy(order(state=KeyState.DESTROYING))
    smith(folder).destroy(order(state=KeyState.DESTROYING))

    assert [] == list(folder.iterdir())
    assert {0} == set(other_name.read_bytes())


def test_a_row_cannot_point_the_worker_at_another_file(folder: Path) -> None:
    """Where a key lies follows from its id: whoever writes to the database destroys nothing else."""
    victim = folder.parent / "settings.toml"
    victim.write_text("public_url = 1")

    smith(folder).destroy(order(reference=f"file:{victim}", state=KeyState.DESTROYING))
    with pytest.raises(SigningError, match="not a key's id"):
        smith(folder).destroy(order(id="../settings", state=KeyState.DESTROYING))
    with pytest.raises(SigningError, match="not made here"):
        smith(folder).destroy(order(place=KeyPlace.REFERENCE, reference=f"file:{victim}"))

    assert "public_url = 1" == victim.read_text()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: smith(""), "key_directory is empty"),
        (lambda folder: smith(folder / "none"), "No such file"),
        (lambda folder: (folder.chmod(0o750), smith(folder))[1], "open to other users: chmod 700"),
        (lambda folder: smith(__file__), "is not a folder"),
    ],
    ids=["unset", "missing", "open", "file"],
)
def test_a_directory_that_will_not_do_is_told(
    folder: Path, spoil: Callable[[Path], Locksmith], sentence: str
) -> None:
    """An administrator reads what is wrong with the place for keys."""
    with pytest.raises(SigningError, match=sentence):
        spoil(folder).make(order())


def test_a_trial_certificate_signs_and_says_what_it_is(folder: Path) -> None:
    """The key's own certificate works at once, and is known as self-signed."""
    made = smith(folder).make(order(trial=True))

    issued = check_issued(made.certificate.encode(), made.public_key, NOW)
    assert ("self-signed",) == issued.warnings
    assert _signs(made.reference, made.certificate)


def test_a_present_key_is_read_and_not_moved(folder: Path, tmp_path: Path) -> None:
    """Taking over a key of a reference returns its public half and its certificate."""
    made = smith(folder).make(order(trial=True))
    (tmp_path / "own.pem").write_text(made.certificate)
    point = AccessPoint(
        slug="campus",
        institution="campus",
        key=made.reference,
        certificate=f"file:{tmp_path / 'own.pem'}",
    )

    read = smith("").read(order(place=KeyPlace.REFERENCE), point)

    assert (made.reference, made.public_key) == (read.reference, read.public_key)
    assert made.certificate == read.certificate


@pytest.mark.needs("softhsm")
@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_in_a_token_is_made_once_signs_and_never_leaves(kind: KeyKind) -> None:
    """The token makes it, the request is signed in the token, and destroying ends it."""
    reference = token_references()["p256"]
    whole = reference.replace(";object=p256;id=%03;type=private", "")
    key = order(place=KeyPlace.TOKEN, kind=kind, trial=True, id=os.urandom(16).hex())
    worker = smith("", whole)

    made = worker.make(key)
    again = worker.make(key)

    assert (made.public_key, made.reference) == (again.public_key, again.reference)
    assert PIN not in made.reference
    assert x509.load_pem_x509_csr(made.request.encode()).is_signature_valid
    assert _signs(made.reference, made.certificate)
    worker.destroy(key)
    worker.destroy(key)
    with pytest.raises(SigningError, match="no private key of the name"):
        _signs(made.reference, made.certificate)


@pytest.mark.needs("softhsm")
def test_the_tokens_reference_names_no_key(folder: Path) -> None:
    """``key_token`` is of a token as a whole."""
    with pytest.raises(SigningError, match="must name the token only"):
        smith(folder, token_references()["p256"]).make(order(place=KeyPlace.TOKEN))


def _signs(reference: str, certificate: str) -> bool:
    """Sign with the key and verify with the certificate that stands in the row itself."""
    point = AccessPoint(slug="campus", institution="campus", key=reference, certificate=certificate)
    ring = KeyRing(secrets, lambda: NOW)
    try:
        signed = ring.signer(point).sign(UnsignedElmo(DOCUMENTS["plain"].encode()))
    finally:
        ring.close()
    return bool(verify(signed, [certificate.encode()], now=NOW).facts.fingerprint)


def test_an_access_point_without_a_key_says_so() -> None:
    """A new access point has none yet; it is not a reference of the wrong form."""
    point = AccessPoint(slug="new", institution="campus", key="", certificate="")
    with pytest.raises(SigningError, match="access point new: it has no signing key yet"):
        KeyRing(secrets, lambda: NOW).signer(point)
    with pytest.raises(SigningError, match="it has no certificate yet"):
        KeyRing(secrets, lambda: NOW).signer(replace(point, key="file:/nowhere"))
