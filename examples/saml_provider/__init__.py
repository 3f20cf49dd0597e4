"""A simulator: a small SAML identity provider with invented people, and a federation around it.

Requests by HTTP-Redirect (signed ones only), responses by HTTP-POST: response
and assertion signed, the assertion encrypted, as SAML2Int asks of providers.
It knows the service provider by its metadata's address, keeps no session of its
own, and answers every proper LogoutRequest. ``federation`` makes the signed
metadata of a made-up federation: this provider among a few hundred invented
universities that nobody can log in at. Not for real people.
"""

from examples.saml_provider._app import make_app
from examples.saml_provider._federation import federation
from examples.saml_provider._messages import KeyPair
from examples.saml_provider._people import SCOPE, Person, SamlProviderConfig
from examples.saml_provider._universities import UNIVERSITIES, University

__all__ = [
    "SCOPE",
    "UNIVERSITIES",
    "KeyPair",
    "Person",
    "SamlProviderConfig",
    "University",
    "federation",
    "make_app",
]
