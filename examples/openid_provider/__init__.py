"""A simulator: a small OpenID provider with invented students, for the demonstration and tests.

Code flow only, PKCE with S256 required, ID tokens signed with RS256 by a key
made at the start, RFC 9207's ``iss``, HTTP Basic at the token endpoint, a
password form, RP-initiated logout. It keeps no session of its own. Not for
real people.
"""

from examples.openid_provider._app import make_app
from examples.openid_provider._people import (
    ABROAD_STUDENTS,
    DEMO_STAFF,
    DEMO_STUDENTS,
    OFFICERS,
    OPERATORS,
    Client,
    Student,
)

__all__ = [
    "ABROAD_STUDENTS",
    "DEMO_STAFF",
    "DEMO_STUDENTS",
    "OFFICERS",
    "OPERATORS",
    "Client",
    "Student",
    "make_app",
]
