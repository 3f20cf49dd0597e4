"""What the demonstration's institutions have switched on: the file for ``emrex-gateway apply``."""

from __future__ import annotations

import json

from examples import campus, virta_simulator
from examples.demo._stage import (
    ABROAD_CLIENT,
    ABROAD_DOMAIN,
    ADMIN_CLIENT,
    OIDC_CLIENT,
    POINTS,
    VIRTA_CALLER,
    VIRTA_SYSTEM,
    Stage,
)

_FILE = """\
# Made by the demonstration at its start; a real one looks the same, with https addresses.

[[institutions]]
slug = "campus"
names = {{ en = {campus_en}, fi = {campus_fi}, sv = {campus_sv} }}
country = "FI"
domain = {campus_domain}
url = "https://campus.example/"
support = "mailto:support@campus.example"
# Left out by default; here they show that they can go along.
details = ["citizenship", "placeOfBirth", "birthName", "gender"]
# It receives records too: "Import from EMREX" on its students' pages.
client = true
[institutions.privacy]
controller = {{ en = {campus_en}, fi = {campus_fi}, sv = {campus_sv} }}
contact = "mailto:privacy@campus.example"
notice = {{ en = "The university sends the records that you choose to the receiver that you came from.", fi = "Yliopisto lähettää valitsemasi opintotiedot vastaanottajalle, jonka sivuilta tulit.", sv = "Universitetet skickar de studieuppgifter som du väljer till den mottagare som du kom från." }}
url = {{ en = "https://campus.example/privacy" }}

[[access_points]]
slug = "campus"
institution = "campus"
key = {campus_key}
certificate = {campus_certificate}
transcript_per_issuer = true

[[adapters]]
id = "campus-peppi"
institution = "campus"
adapter = "peppi"
[adapters.settings]
base_url = {campus_url}
api_key = {peppi_key}
webhook_secret = {webhook_secret}

[[login_methods]]
id = "campus-host"
institution = "campus"
kind = "host"
names = {{ en = "Log in at Campus University", fi = "Kirjaudu Kampusyliopistossa", sv = "Logga in vid Campusuniversitetet" }}

[[institutions]]
slug = "virta"
names = {{ en = "National study data (VIRTA)", fi = "VIRTA-opintotietopalvelu", sv = "Informationsresursen VIRTA" }}
country = "FI"
domain = "virta.example"
url = "https://virta.example/"
support = "mailto:support@virta.example"
# The learner number goes along beside the European Student Identifier, which VIRTA does not know.
released = ["esi", "nationalLearnerId"]
[institutions.privacy]
controller = {{ en = "The institutions where you studied", fi = "Korkeakoulut, joissa olet opiskellut", sv = "Högskolorna där du har studerat" }}
contact = "mailto:privacy@virta.example"
notice = {{ en = "VIRTA passes on the records that you choose to the receiver that you came from.", fi = "VIRTA välittää valitsemasi opintotiedot vastaanottajalle, jonka sivuilta tulit.", sv = "VIRTA förmedlar de studieuppgifter som du väljer till den mottagare som du kom från." }}
url = {{ en = "https://virta.example/privacy" }}

[[access_points]]
slug = "virta"
institution = "virta"
key = {virta_key}
certificate = {virta_certificate}

[[adapters]]
id = "virta-virta"
institution = "virta"
adapter = "virta"
[adapters.settings]
url = {virta_url}
system = {virta_system}
caller = {virta_caller}
secret = {virta_password}

# The foreign university has a data access point too: what was studied there comes home.
[[institutions]]
slug = "abroad"
names = {{ en = {abroad_name} }}
country = "NO"
domain = {abroad_domain}
url = "https://abroad.example/"
support = "mailto:support@abroad.example"
[institutions.privacy]
controller = {{ en = {abroad_name} }}
contact = "mailto:privacy@abroad.example"
notice = {{ en = "Abroad University sends the records that you choose to the receiver that you came from." }}
url = {{ en = "https://abroad.example/privacy" }}

[[access_points]]
slug = "abroad"
institution = "abroad"
key = {abroad_key}
certificate = {abroad_certificate}

[[adapters]]
id = "abroad-register"
institution = "abroad"
adapter = "peppi"
[adapters.settings]
base_url = {register_url}
api_key = {register_key}

[[login_methods]]
id = "abroad-oidc"
institution = "abroad"
kind = "oidc"
names = {{ en = "Log in at Abroad University" }}
[login_methods.settings]
issuer = {provider_url}
client_id = {abroad_client}
client_secret = {abroad_secret}
claims = {{ learner_number = "local" }}
allow_private_addresses = true

[[federations]]
slug = "made-up"
names = {{ en = "A made-up federation" }}
url = {federation_url}
certificates = [{federation_certificate}]
allow_private_addresses = true

[[service_providers]]
institution = "virta"
keys = [{{ key = {sp_key}, certificate = {sp_certificate} }}]
descriptions = {{ en = "Study records for other universities", fi = "Opintotiedot muille korkeakouluille", sv = "Studieuppgifter till andra högskolor" }}
information = {{ en = "https://virta.example/" }}
privacy = {{ en = "https://virta.example/privacy", fi = "https://virta.example/tietosuoja", sv = "https://virta.example/dataskydd" }}
contacts = [{{ kind = "support", email = "support@virta.example" }}, {{ kind = "security", email = "security@virta.example" }}]
attributes = ["funetEduPersonLearnerId", "givenName", "sn", "schacDateOfBirth"]
required = ["funetEduPersonLearnerId"]

[[login_methods]]
id = "virta-saml"
institution = "virta"
kind = "saml"
names = {{ en = "Log in with your home university", fi = "Kirjaudu oman korkeakoulusi tunnuksilla", sv = "Logga in med din högskolas konto" }}
position = 0
[login_methods.settings]
federations = ["made-up"]
required = ["funetEduPersonLearnerId"]

[[login_methods]]
id = "virta-oidc"
institution = "virta"
kind = "oidc"
position = 1
names = {{ en = "Log in with the example login", fi = "Kirjaudu esimerkkipalvelussa", sv = "Logga in med exempelinloggningen" }}
[login_methods.settings]
issuer = {provider_url}
client_id = {client_id}
client_secret = {client_secret}
claims = {{ learner_number = "nationalLearnerId" }}
allow_private_addresses = true

[[login_methods]]
id = "virta-administrators"
institution = "virta"
kind = "oidc"
position = 2
for_administrators = true
names = {{ en = "Log in with the example login", fi = "Kirjaudu esimerkkipalvelussa", sv = "Logga in med exempelinloggningen" }}
[login_methods.settings]
issuer = {provider_url}
client_id = {admin_client_id}
client_secret = {admin_client_secret}
allow_private_addresses = true

[[known_clients]]
name = "Abroad University (a simulator)"
url = {abroad_url}
country = "NO"
"""


def institutions(stage: Stage) -> str:
    """Return the file's text; secrets stand in it as references."""
    places = stage.places
    values = {
        "campus_en": campus.NAMES["en"],
        "campus_fi": campus.NAMES["fi"],
        "campus_sv": campus.NAMES["sv"],
        "campus_domain": campus.DOMAIN,
        "campus_key": f"file:{stage.keys['campus'].key}",
        "campus_certificate": f"file:{stage.keys['campus'].certificate}",
        "campus_url": places.url("campus"),
        "peppi_key": f"file:{stage.secret('peppi-api-key')}",
        "webhook_secret": f"file:{stage.secret('campus-webhook')}",
        "virta_key": f"file:{stage.keys['virta'].key}",
        "virta_certificate": f"file:{stage.keys['virta'].certificate}",
        "virta_url": places.url("virta") + virta_simulator.PATH,
        "virta_system": VIRTA_SYSTEM,
        "virta_caller": VIRTA_CALLER,
        "virta_password": f"file:{stage.secret('virta-password')}",
        "federation_url": f"{places.url('home')}/federation",
        "federation_certificate": f"file:{stage.keys['federation'].certificate}",
        "sp_key": f"file:{stage.keys['service-provider'].key}",
        "sp_certificate": f"file:{stage.keys['service-provider'].certificate}",
        "provider_url": places.url("provider"),
        "client_id": OIDC_CLIENT,
        "client_secret": f"file:{stage.secret('oidc-client')}",
        "admin_client_id": ADMIN_CLIENT,
        "admin_client_secret": f"file:{stage.secret('oidc-administrators')}",
        "abroad_url": places.url("abroad") + "/",
        "abroad_name": POINTS["abroad"],
        "abroad_domain": ABROAD_DOMAIN,
        "abroad_key": f"file:{stage.keys['abroad'].key}",
        "abroad_certificate": f"file:{stage.keys['abroad'].certificate}",
        "abroad_client": ABROAD_CLIENT,
        "abroad_secret": f"file:{stage.secret('oidc-abroad')}",
        "register_url": places.url("abroad"),
        "register_key": f"file:{stage.secret('abroad-api-key')}",
    }
    # A JSON string is a TOML string.
    return _FILE.format(**{name: json.dumps(v, ensure_ascii=False) for name, v in values.items()})
