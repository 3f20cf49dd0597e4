"""The forms of login methods, one for each kind: every setting that the institutions' file knows.

``values`` gives a form's settings as the file writes them, so that one reader
checks both; ``filled`` is the way back. A setting that stands at its default is
left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import Optional

from emrex_gateway.domain import LoginMethod
from emrex_gateway.login import SIGNING_ALGORITHMS, ClientAuthentication
from emrex_gateway.web.admin._forms import LinesField, ReferenceField, SelectChoice
from emrex_gateway.web.admin._login_form import MethodForm, TicksField, rule_choices
from emrex_gateway.web.admin._rows_field import Column, RowsField

MAX_LINE = 2048


class OidcForm(MethodForm):
    """An OpenID Connect provider."""

    KIND = "oidc"
    CHECKED: Mapping[str, bool] = {
        "national_identifiers": False,
        "userinfo": True,
        "allow_private_addresses": False,
        "request_object": False,
    }
    ADVANCED = (
        *("client_authentication", "key_id", "scopes", "algorithms", "userinfo", "prompt"),
        *("max_age", "par", "request_object", "parameters", "allow_private_addresses"),
        *("entitlement_claims", "group_claims", "account_claims"),
    )

    issuer = StringField(
        _l("The provider's address (issuer)"),
        description=_l(
            "Exactly as the provider states it, such as https://login.example.edu/realms/campus. "
            "Its settings are read below this address, at /.well-known/openid-configuration."
        ),
    )
    client_id = StringField(
        _l("Our name at the provider (client id)"),
        description=_l("What the provider gave when the gateway was registered there."),
    )
    private_key = ReferenceField(
        _l("Our private key"),
        description=_l(
            "Where it lies: file:/path or env:NAME (PEM, RSA or EC P-256). The better way to prove "
            "who we are; give this or the secret, not both."
        ),
    )
    client_secret = ReferenceField(
        _l("Our secret"),
        description=_l(
            "Where it lies: file:/path or env:NAME, never the secret itself. Leave it empty when "
            "there is a private key."
        ),
    )
    claims = RowsField(
        _l("Which claim becomes which identifier"),
        description=_l(
            "Students are found by identifiers. schac_personal_unique_code is understood without "
            "being named; name any other claim that carries a student number or identifier."
        ),
        columns=(
            Column("name", _l("Claim")),
            Column("rule", _l("Becomes"), choices=lambda: rule_choices(identifiers=True)),
        ),
    )
    required = LinesField(
        _l("Needed claims"),
        description=_l("One a line. Without them nobody gets in; the student's page names them."),
    )
    home_organizations = LinesField(
        _l("Only people of these organizations"),
        description=_l(
            "Domains, one a line, such as example.edu; empty for all. Student numbers are read only "
            "of the organizations that stand here."
        ),
    )
    domains = LinesField(
        _l("Domains that this provider may speak for"),
        description=_l(
            "One a line; empty for all. Account names, home organizations and identifiers of other "
            "domains are left out."
        ),
    )
    national_identifiers = BooleanField(
        _l("National identity numbers from this provider count"),
        description=_l("Only where the provider has proven them."),
    )
    assurance = LinesField(
        _l("How well people must be proven"),
        description=_l(
            "Levels, one a line, of which the person needs one (from eduperson_assurance or acr), "
            "such as https://refeds.org/assurance/IAP/medium. Empty for any."
        ),
    )
    client_authentication = SelectField(
        _l("How we prove who we are"),
        choices=lambda: [
            SelectChoice("", _("By what is given: the key, else the secret")),
            *_same(ClientAuthentication),
        ],
        description=_l("Choose only when the provider wants another way."),
    )
    key_id = StringField(
        _l("Our key's name at the provider"),
        description=_l("The kid, where the provider wants one."),
    )
    scopes = LinesField(
        _l("Scopes"),
        description=_l("What is asked for, one a line. Empty means openid and profile."),
    )
    algorithms = TicksField(
        _l("What may sign the provider's word"),
        choices=[SelectChoice(one) for one in sorted(SIGNING_ALGORITHMS)],
        description=_l("None ticked means RS256, PS256 and ES256."),
    )
    userinfo = BooleanField(
        _l("Ask the provider for more than the ID token says"), description=_l("Usually yes.")
    )
    prompt = StringField(
        _l("Prompt"), description=_l("“login” makes the provider ask for the password each time.")
    )
    max_age = IntegerField(
        _l("Longest time since the person proved who they are"),
        validators=[Optional()],
        description=_l("In seconds; empty for any."),
    )
    par = SelectField(
        _l("Push the request to the provider first (PAR)"),
        choices=lambda: [
            SelectChoice("", _("Where the provider offers it")),
            SelectChoice("always", _("Always")),
            SelectChoice("never", _("Never, unless the provider requires it")),
        ],
    )
    request_object = BooleanField(
        _l("Sign the request with our private key"),
        description=_l("A provider that requires this gets it anyway."),
    )
    parameters = RowsField(
        _l("More parameters of the request"),
        description=_l("Such as acr_values."),
        columns=(Column("name", _l("Name")), Column("rule", _l("Value"))),
        spare=1,
    )
    allow_private_addresses = BooleanField(
        _l("The provider is in our own network"),
        description=_l("Allows private addresses. Only operators may switch this on."),
    )
    entitlement_claims = LinesField(
        _l("Claims with entitlements"),
        description=_l("For role rules of administrators, one a line; empty for the usual ones."),
    )
    group_claims = LinesField(
        _l("Claims with groups"),
        description=_l("For role rules of administrators, one a line; empty for the usual ones."),
    )
    account_claims = LinesField(
        _l("Claims with account names"),
        description=_l("For role rules of administrators, one a line; empty for the usual ones."),
    )
    for_administrators = BooleanField(
        _l("For administrators, not for students"),
        description=_l(
            "Logs in those who look after the gateway, by its role rules. Only operators may set this."
        ),
    )


class SamlForm(MethodForm):
    """Identity providers of federations."""

    KIND = "saml"
    CHECKED: Mapping[str, bool] = {"force_authn": False}
    ADVANCED = ("categories", "excluded", "discovery", "contexts", "force_authn")

    federations = TicksField(
        _l("Federations"), description=_l("People of universities in these may log in.")
    )
    providers = LinesField(
        _l("Only these identity providers"),
        description=_l(
            "Entity ids, one a line; empty for all of the federations. With one, students need not "
            "choose. Find them with “Search for a university” once this is saved."
        ),
    )
    attributes = RowsField(
        _l("Which attribute becomes which identifier"),
        description=_l(
            "The usual attributes are understood without being named. Name others by urn:oid:…, or "
            "say that one is to be ignored or read as another."
        ),
        columns=(
            Column("name", _l("Attribute")),
            Column("rule", _l("Becomes"), choices=lambda: rule_choices(identifiers=False)),
        ),
    )
    required = LinesField(
        _l("Needed attributes"),
        description=_l(
            "By name, one a line, such as schacPersonalUniqueCode. Without them nobody gets in; the "
            "student's page names them."
        ),
    )
    home_organizations = LinesField(
        _l("Only people of these organizations"),
        description=_l(
            "Domains, one a line, such as example.edu; empty for all. Student numbers are read only "
            "of the organizations that stand here."
        ),
    )
    national_identifiers = LinesField(
        _l("Whose national identity numbers count"),
        description=_l("Entity ids of identity providers, one a line; empty: nobody's."),
    )
    assurance = LinesField(
        _l("How well people must be proven"),
        description=_l(
            "Levels, one a line, of which the person needs one (from eduPersonAssurance or the "
            "context), such as https://refeds.org/assurance/IAP/medium. Empty for any."
        ),
    )
    categories = LinesField(
        _l("Only providers of these entity categories"),
        description=_l("Addresses, one a line; a provider must have all of them."),
    )
    excluded = LinesField(
        _l("Never these identity providers"), description=_l("Entity ids, one a line.")
    )
    discovery = StringField(
        _l("External service for choosing the university"),
        description=_l(
            "Its address, such as https://service.seamlessaccess.org/ds/. Empty means our own page."
        ),
    )
    contexts = LinesField(
        _l("Authentication contexts"),
        description=_l(
            "Asked for, one a line, and one of them must be stated. Leave empty unless you must."
        ),
    )
    force_authn = BooleanField(
        _l("Ask for the password at each login"),
        description=_l("The provider must not use an older login."),
    )
    for_administrators = BooleanField(
        _l("For administrators, not for students"),
        description=_l(
            "Logs in those who look after the gateway, by its role rules. Only operators may set this."
        ),
    )


class LaunchForm(MethodForm):
    """A host system that sends its logged-in users with a signed token."""

    KIND = "launch"
    CHECKED: Mapping[str, bool] = {"national_identifiers": False}
    ADVANCED = ("audience",)

    issuer = StringField(
        _l("The host's name in its tokens"), description=_l("What their “iss” says, exactly.")
    )
    keys = RowsField(
        _l("The host's public keys"),
        description=_l(
            "Paste each as PEM (-----BEGIN PUBLIC KEY-----) or as a JWK: RSA of 2048 bits or more, "
            "or EC P-256. Two may stand here while the host changes its key."
        ),
        columns=(
            Column("kid", _l("Key's name (kid)")),
            Column("key", _l("Public key"), kind="area"),
        ),
        spare=1,
    )
    launch_url = StringField(
        _l("The host's page that launches"),
        description=_l(
            "Where students are sent who came from a client and have to log in. It gets the "
            "parameter “transfer”. Empty when the host has no such page."
        ),
    )
    return_origins = LinesField(
        _l("Where students may return to"),
        description=_l("Origins such as https://peppi.example, one a line."),
    )
    national_identifiers = BooleanField(
        _l("National identity numbers from this host count"),
        description=_l("Only where the host has proven them."),
    )
    audience = StringField(
        _l("Another name of ours in its tokens"),
        description=_l("What “aud” says when it is not the launch address."),
    )


class HostForm(MethodForm):
    """The host application's own user: nothing to set."""

    KIND = "host"


FORMS: Mapping[str, type[MethodForm]] = {
    form.KIND: form for form in (OidcForm, SamlForm, LaunchForm, HostForm)
}


def filled(method: LoginMethod) -> dict[str, Any]:
    """A method as its form's fields take it."""
    form, found = FORMS[method.kind], dict(method.settings)
    for name, default in form.CHECKED.items():
        found.setdefault(name, default)
    for name in ("claims", "attributes", "parameters"):
        if isinstance(found.get(name), Mapping):
            found[name] = tuple({"name": k, "rule": v} for k, v in found[name].items())
    if method.kind == "launch":
        found["keys"] = tuple(
            {
                "kid": key.get("kid", ""),
                "key": key.get("public_key") or json.dumps(key.get("jwk", {}), indent=1),
            }
            for key in found.get("keys", ())
        )
    return found | {
        "id": method.id,
        "names": method.names,
        "for_administrators": method.for_administrators,
    }


def _same(values: Any) -> list[SelectChoice]:
    return [SelectChoice(one.value) for one in values]
