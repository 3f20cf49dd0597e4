"""Answers in another browser, of another login, by another provider, or once too often: ``SamlLogin.finish``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from emrex_gateway.domain import LoginMethod
from emrex_gateway.login.saml._types import Reason
from emrex_gateway.ports import LoggedIn
from saml_attacks_logout import OTHER, login
from saml_case import deed
from saml_issuer import IDP, NOW, PASSWORD, Answer, Signing, posted, put_authn_instant, respond
from saml_party import METHOD, method

ANSWER = Answer(request_id="_request-of-this-browser", assertion_id="_assertion-of-finish")
STATE: Mapping[str, str] = {
    "method": METHOD.id,
    "relay": "transfer-000001.0123456789abcdef",
    "request": ANSWER.request_id,
    "provider": IDP,
    "started": (NOW - timedelta(minutes=2)).isoformat(),
}


def finish(
    answer: Answer = ANSWER,
    at: LoginMethod = METHOD,
    *,
    relay: str = STATE["relay"],
    **state: str,
) -> LoggedIn:
    """End a login with a response, and with what the server kept."""
    return login().finish(
        at,
        callback_url="https://gateway.example/unused",
        state={**STATE, **state},
        parameters={"SAMLResponse": posted(respond(answer)), "RelayState": relay},
    )


OTHERS = replace(ANSWER, provider=OTHER, signing=Signing(key="rsa2048:other"))
EITHER = method(providers=[IDP, OTHER])
FRESH = method(force_authn=True)
MFA = "https://refeds.org/profile/mfa"
STRICT = method(contexts=[MFA])
STALE = replace(ANSWER, edit_assertion=put_authn_instant(NOW - timedelta(minutes=10)))

deed(
    "login: the RelayState of another browser",
    Reason.RELAY_STATE,
    lambda: finish(relay="transfer-000002.fedcba9876543210"),
    finish,
)
deed("login: no RelayState", Reason.RELAY_STATE, lambda: finish(relay=""), finish)
deed(
    "login: nothing is kept, and no RelayState",
    Reason.RELAY_STATE,
    lambda: login().finish(METHOD, callback_url="", state={}, parameters={}),
    finish,
)
deed(
    "login: no RelayState was kept and none comes",
    Reason.RELAY_STATE,
    lambda: login().finish(
        METHOD,
        callback_url="",
        state={**STATE, "relay": ""},
        parameters={"SAMLResponse": posted(respond(ANSWER)), "RelayState": ""},
    ),
    finish,
)
deed(
    "login: the RelayState in other letters",
    Reason.RELAY_STATE,
    lambda: finish(relay=STATE["relay"].upper()),
    finish,
)
deed(
    "login: begun with another method",
    Reason.RELAY_STATE,
    lambda: finish(method="other"),
    finish,
)
deed(
    "login: the response to another browser's request",
    Reason.IN_RESPONSE_TO,
    lambda: finish(request="_request-of-another"),
    finish,
)
deed(
    "login: another provider answers than the one that was chosen",
    Reason.SIGNATURE,
    lambda: finish(OTHERS, EITHER),
    lambda: finish(OTHERS, EITHER, provider=OTHER),
)
deed(
    "login: another provider answers, only its assertion is signed",
    Reason.ISSUER,
    lambda: finish(replace(OTHERS, signed="assertion"), EITHER),
    lambda: finish(replace(OTHERS, signed="assertion"), EITHER, provider=OTHER),
)
deed(
    "login: the provider is not let in any more",
    Reason.PROVIDER,
    lambda: finish(OTHERS, METHOD, provider=OTHER),
    lambda: finish(OTHERS, EITHER, provider=OTHER),
)
deed(
    "login: the provider is unknown",
    Reason.PROVIDER,
    lambda: finish(provider="https://nobody.example"),
    finish,
)
deed(
    "login: the person was not asked again although it is required",
    Reason.AUTHENTICATION,
    lambda: finish(STALE, FRESH),
    lambda: finish(ANSWER, FRESH),
)
deed(
    "login: not by the required means",
    Reason.CONTEXT,
    lambda: finish(replace(ANSWER, context=PASSWORD), STRICT),
    lambda: finish(replace(ANSWER, context=MFA), STRICT),
)
deed(
    "login: several providers are possible and none is chosen",
    Reason.CHOOSE,
    lambda: login().start(EITHER, callback_url="", transfer_id="t", locale=None),
    lambda: login().start(METHOD, callback_url="", transfer_id="t", locale=None),
)
