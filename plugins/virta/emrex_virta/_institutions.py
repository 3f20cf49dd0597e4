"""Finnish institutions by their five-digit codes, as issuers.

Facts: names, codes and domains of the higher-education institutions; which merged
into which. The list in use elsewhere gives Tampere University of Applied Sciences
the university's domain, and has a row with its columns swapped, misspelt names and
Finnish names where Swedish ones should stand; here they are right or left out.
"""

from __future__ import annotations

from emrex_gateway.domain import Identifier, Institution, Issuer, Texts, issuer_of, texts

CODE = "oppilaitosnumero"
"""Custom identifier type: the national number of an institution."""

UNKNOWN = "XX"

# code: (Finnish name, Swedish name, English name, domain); no name where there is none of its own
_NOW: dict[str, tuple[str, str, str, str]] = {
    "01901": (
        "Helsingin yliopisto",
        "Helsingfors universitet",
        "University of Helsinki",
        "helsinki.fi",
    ),
    "01903": ("Åbo Akademi", "Åbo Akademi", "Åbo Akademi University", "abo.fi"),
    "01904": ("Oulun yliopisto", "Uleåborgs universitet", "University of Oulu", "oulu.fi"),
    "01906": ("Jyväskylän yliopisto", "Jyväskylä universitet", "University of Jyväskylä", "jyu.fi"),
    "01910": ("", "Svenska handelshögskolan", "Hanken School of Economics", "hanken.fi"),
    "01913": ("Vaasan yliopisto", "Vasa universitet", "University of Vaasa", "uwasa.fi"),
    "01914": (
        "Lappeenrannan-Lahden teknillinen yliopisto LUT",
        "Villmanstrand-Lahtis tekniska universitet LUT",
        "LUT University",
        "lut.fi",
    ),
    "01918": ("Lapin yliopisto", "Lapplands universitet", "University of Lapland", "ulapland.fi"),
    "02358": (
        "Maanpuolustuskorkeakoulu",
        "Försvarshögskolan",
        "National Defence University",
        "mil.fi",
    ),
    "02467": ("Hämeen ammattikorkeakoulu", "", "Häme University of Applied Sciences", "hamk.fi"),
    "02469": (
        "Karelia-ammattikorkeakoulu",
        "",
        "Karelia University of Applied Sciences",
        "karelia.fi",
    ),
    "02471": ("Oulun ammattikorkeakoulu", "", "Oulu University of Applied Sciences", "oamk.fi"),
    "02472": (
        "Seinäjoen ammattikorkeakoulu",
        "",
        "Seinäjoki University of Applied Sciences",
        "seamk.fi",
    ),
    "02473": (
        "Kajaanin ammattikorkeakoulu",
        "",
        "Kajaani University of Applied Sciences",
        "kamk.fi",
    ),
    "02504": (
        "Jyväskylän ammattikorkeakoulu",
        "",
        "Jyväskylä University of Applied Sciences",
        "jamk.fi",
    ),
    "02507": (
        "Satakunnan ammattikorkeakoulu",
        "",
        "Satakunta University of Applied Sciences",
        "samk.fi",
    ),
    "02509": (
        "Turun ammattikorkeakoulu",
        "",
        "Turku University of Applied Sciences",
        "turkuamk.fi",
    ),
    "02535": ("", "Yrkeshögskolan Arcada", "Arcada University of Applied Sciences", "arcada.fi"),
    "02536": (
        "Centria-ammattikorkeakoulu",
        "",
        "Centria University of Applied Sciences",
        "centria.fi",
    ),
    "02537": (
        "Savonia-ammattikorkeakoulu",
        "",
        "Savonia University of Applied Sciences",
        "savonia.fi",
    ),
    "02557": (
        "Poliisiammattikorkeakoulu",
        "Polisyrkeshögskolan",
        "Police University College",
        "polamk.fi",
    ),
    "02623": (
        "Diakonia-ammattikorkeakoulu",
        "",
        "Diaconia University of Applied Sciences",
        "diak.fi",
    ),
    "02627": ("Vaasan ammattikorkeakoulu", "", "Vaasa University of Applied Sciences", "vamk.fi"),
    "02629": (
        "Laurea-ammattikorkeakoulu",
        "",
        "Laurea University of Applied Sciences",
        "laurea.fi",
    ),
    "02630": (
        "Tampereen ammattikorkeakoulu",
        "",
        "Tampere University of Applied Sciences",
        "tamk.fi",
    ),
    "02631": (
        "Humanistinen ammattikorkeakoulu",
        "",
        "Humak University of Applied Sciences",
        "humak.fi",
    ),
    "10056": (
        "Haaga-Helia ammattikorkeakoulu",
        "",
        "Haaga-Helia University of Applied Sciences",
        "haaga-helia.fi",
    ),
    "10065": (
        "Metropolia Ammattikorkeakoulu",
        "",
        "Metropolia University of Applied Sciences",
        "metropolia.fi",
    ),
    "10066": ("", "Yrkeshögskolan Novia", "Novia University of Applied Sciences", "novia.fi"),
    "10076": ("Aalto-yliopisto", "Aalto-universitetet", "Aalto University", "aalto.fi"),
    "10088": (
        "Itä-Suomen yliopisto",
        "Östra Finlands universitet",
        "University of Eastern Finland",
        "uef.fi",
    ),
    "10089": ("Turun yliopisto", "Åbo universitet", "University of Turku", "utu.fi"),
    "10103": (
        "Taideyliopisto",
        "Konstuniversitetet",
        "University of the Arts Helsinki",
        "uniarts.fi",
    ),
    "10108": (
        "Lapin ammattikorkeakoulu",
        "",
        "Lapland University of Applied Sciences",
        "lapinamk.fi",
    ),
    "10118": (
        "Kaakkois-Suomen ammattikorkeakoulu",
        "",
        "South-Eastern Finland University of Applied Sciences",
        "xamk.fi",
    ),
    "10122": ("Tampereen yliopisto", "Tammerfors universitet", "Tampere University", "tuni.fi"),
    "10126": ("LAB-ammattikorkeakoulu", "", "LAB University of Applied Sciences", "lab.fi"),
}

# code of an institution that is no more: (Finnish name, English name, code of what it became)
_BEFORE: dict[str, tuple[str, str, str]] = {
    "01717": ("Teatterikorkeakoulu", "Theatre Academy Helsinki", "10103"),
    "01740": ("Kuvataideakatemia", "Finnish Academy of Fine Arts", "10103"),
    "01742": ("Sibelius-Akatemia", "Sibelius Academy", "10103"),
    "01905": ("Tampereen yliopisto (vuoteen 2018)", "University of Tampere (until 2018)", "10122"),
    "01915": ("Tampereen teknillinen yliopisto", "Tampere University of Technology", "10122"),
    "02470": ("Lahden ammattikorkeakoulu", "Lahti University of Applied Sciences", "10126"),
    "02505": (
        "Kemi-Tornion ammattikorkeakoulu",
        "Kemi-Tornio University of Applied Sciences",
        "10108",
    ),
    "02506": ("Mikkelin ammattikorkeakoulu", "Mikkeli University of Applied Sciences", "10118"),
    "02538": ("Rovaniemen ammattikorkeakoulu", "Rovaniemi University of Applied Sciences", "10108"),
    "02608": (
        "Kymenlaakson ammattikorkeakoulu",
        "Kymenlaakso University of Applied Sciences",
        "10118",
    ),
    "02609": ("Saimaan ammattikorkeakoulu", "Saimaa University of Applied Sciences", "10126"),
}

# group codes: a kind of institution, where VIRTA does not say which one
_GROUPS: dict[str, tuple[str, str, str | None]] = {
    "41": ("Ammattikorkeakoulu", "A Finnish university of applied sciences", "FI"),
    "42": ("Yliopisto", "A Finnish university", "FI"),
    "63": ("Kansanopisto", "A Finnish folk high school", "FI"),
    "64": ("Kansalaisopisto", "A Finnish adult education centre", "FI"),
    "65": ("Opintokeskus", "A Finnish study centre", "FI"),
    "66": ("Kesäyliopisto", "A Finnish summer university", "FI"),
    "UK": ("Ulkomainen korkeakoulu", "A higher education institution outside Finland", None),
    "UM": ("Muu ulkomainen oppilaitos", "Another institution outside Finland", None),
    UNKNOWN: ("Tuntematon oppilaitos", "Unknown institution", None),
}


def is_current(code: str) -> bool:
    """Whether the code is that of an institution of today: after a merger, its rows are the ones to keep."""
    return code in _NOW


def names(code: str) -> Texts:
    """Return an institution's names; unknown codes are named by their number."""
    if code in _NOW:
        finnish, swedish, english, _ = _NOW[code]
        return texts(en=english, fi=finnish, sv=swedish)
    if code in _BEFORE:
        finnish, english, _ = _BEFORE[code]
        return texts(en=english, fi=finnish)
    if code in _GROUPS or not code:
        finnish, english, _country = _GROUPS[code or UNKNOWN]
        return texts(en=english, fi=finnish)
    return texts(en=f"Institution {code} (Finland)", fi=f"Oppilaitos {code}")


def issuer(code: str, institution: Institution, fallback_url: str) -> Issuer:
    """Return the issuer that a granting institution's code stands for; there is always one.

    ``institution`` is the one that the gateway serves: its own record wins where
    its codes hold this number. Groups and unknown codes get the number as their
    identifier and ``fallback_url``.
    """
    code = code.strip()
    if code and institution.codes.get(CODE) == code:
        return issuer_of(institution)
    if code in _NOW:
        domain = _NOW[code][3]
        return Issuer(
            identifiers=(Identifier("schac", domain), Identifier(CODE, code)),
            titles=names(code),
            url=f"https://www.{domain}/",
            country="FI",
        )
    if code in _BEFORE:
        # Its own number tells it from the successor, whose address still answers.
        url = f"https://www.{_NOW[_BEFORE[code][2]][3]}/"
        return Issuer(
            identifiers=(Identifier(CODE, code),), titles=names(code), url=url, country="FI"
        )
    country = _GROUPS[code or UNKNOWN][2] if code in _GROUPS or not code else "FI"
    return Issuer(
        identifiers=(Identifier(CODE, code or UNKNOWN),),
        titles=names(code),
        url=fallback_url,
        country=country,
    )
