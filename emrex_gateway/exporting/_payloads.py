"""What is sealed with a transfer, by kind. Everything here is personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway.domain import LearnerDetail, PersonIdentifierType, Student, StudyRecord

REQUEST = "request"
"""``ClientRequest``: who asked, and where the reply goes."""
ORIGIN = "origin"
"""``Origin``: where an export without a client came from."""
LOGIN = "login"
"""``LoginState``: what a login under way must be compared with."""
CLAIMED = "claimed"
"""``Claimed`` (see ``_launch``): who a launch says it is, until the person confirms it."""
FAILURE = "failure"
"""``LoginFailure``: why the last login did not work; an empty reason once one has."""
LOGOUT = "logout"
"""``LogoutState``: what it takes to end the provider's own session."""
IDENTITY = "identity"
"""``Identity``: who is there."""
LISTING = "listing"
"""``Listing``: what the host system has."""
CHOICE = "choice"
"""``Choice``: what the student wants to send."""
DRAFT = "draft"
"""``Draft`` (see ``_draft``): the transcript as it would be now, to read before the consent."""
STAGE = "stage"
"""``Reached`` (see ``_stages``): how far a worker has come with a large document."""
OUTCOME = "outcome"
"""``Outcome``: what was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where to lead the student back to after an export from the host's button."""

    return_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginState:
    """The method in use and what its ``start`` asked to keep.

    ``ticket_hash`` is the SHA-256 of the ticket in the browser's cookie, for
    answers that are posted from the provider's page.
    """

    method: str
    state: Mapping[str, str] = field(repr=False)
    ticket_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutState:
    """What ``Login.logout`` needs, until it was used; then the ``state`` that comes back."""

    method: str
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The host systems' answers as one, in their order: pages refer to records by position.

    ``adapter`` names those that had something (``peppi+virta``). ``missing``
    are the bindings that could not answer and are not required; ``duplicates``
    is how many records were left out because an earlier system held them too.
    """

    student: Student
    records: tuple[StudyRecord, ...] = field(repr=False)
    adapter: str
    missing: tuple[str, ...] = ()
    duplicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Keys of the chosen records, and the identifiers that the student held back.

    ``language`` is that of the pages when the student consented; the readable
    transcript follows it. With the consent ``withheld`` names every type that
    was not consented to, and ``details`` what else of the person was: a rule
    that grows before the document is signed lets out no more than was seen.
    ``None`` before the consent.
    """

    chosen: tuple[str, ...] = field(repr=False)
    withheld: tuple[PersonIdentifierType, ...] = ()
    language: str = "en"
    details: tuple[LearnerDetail, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The signed document and its readable transcript.

    ``copy`` is the transcript for the student to keep: the signed document is
    embedded in it, and it is signed as a whole (PAdES); empty for a transfer
    to a client, which has no download. ``code`` is what ``elmo.code`` says of
    the document, as it is printed on the transcript.
    """

    elmo: bytes = field(repr=False)
    transcript: bytes = field(repr=False)
    copy: bytes = field(default=b"", repr=False)
    code: str = field(default="", repr=False)

    @property
    def pdf(self) -> bytes:
        """The PDF to hand out: the signed copy, where one was made."""
        return self.copy or self.transcript
