"""Answers of VIRTA written by hand, with every part replaceable: for tests of the mapping."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
LUKU = "http://tietovaranto.csc.fi/luku"
DATA = "urn:mace:funet.fi:virta/2015/09/01"


def row(
    key: str = "1",
    *,
    code: str = "C-1",
    grantor: str = "10122",
    kind: str = "2",
    extent: str = "<v:Opintopiste>5</v:Opintopiste>",
    grade: str = "<v:Viisiportainen>4</v:Viisiportainen>",
    names: dict[str, str] | None = None,
    parts: tuple[str, ...] = (),
    right: str = "",
    date: str = "2020-05-31",
    more: str = "",
) -> str:
    """One ``Opintosuoritus``; the markup arguments are XML with the prefix ``v``."""
    titles = "".join(
        f"<v:Nimi{f' kieli={quoteattr(lang)}' if lang else ''}>{escape(text)}</v:Nimi>"
        for lang, text in ({"fi": f"Kurssi {key}"} if names is None else names).items()
    )
    below = "".join(f"<v:Sisaltyvyys sisaltyvaOpintosuoritusAvain={quoteattr(p)}/>" for p in parts)
    owner = f" opiskeluoikeusAvain={quoteattr(right)}" if right else ""
    return (
        f"<v:Opintosuoritus avain={quoteattr(key)} opiskelijaAvain='o'"
        f" koulutusmoduulitunniste={quoteattr(code)}{owner}>"
        f"<v:SuoritusPvm>{date}</v:SuoritusPvm><v:Laajuus>{extent}</v:Laajuus>"
        f"<v:Arvosana>{grade}</v:Arvosana><v:Myontaja>{grantor}</v:Myontaja>"
        f"<v:Laji>{kind}</v:Laji>{titles}{below}{more}</v:Opintosuoritus>"
    )


def right(key: str, type_: str, *codes: str, more: str = "") -> str:
    """One ``Opiskeluoikeus`` with a period for each ``Koulutuskoodi``."""
    periods = "".join(f"<v:Jakso><v:Koulutuskoodi>{c}</v:Koulutuskoodi></v:Jakso>" for c in codes)
    return (
        f"<v:Opiskeluoikeus avain={quoteattr(key)}><v:Tyyppi>{type_}</v:Tyyppi>"
        f"<v:Myontaja>10122</v:Myontaja>{periods}{more}</v:Opiskeluoikeus>"
    )


def person(*rows: str, rights: str = "", who: str = "", key: str = "o") -> str:
    """One ``Opiskelija``; ``who`` is XML in front: identity code, learner number, names."""
    return (
        f"<v:Opiskelija avain={quoteattr(key)}>{who}"
        f"<v:Opiskeluoikeudet>{rights}</v:Opiskeluoikeudet>"
        f"<v:Opintosuoritukset>{''.join(rows)}</v:Opintosuoritukset></v:Opiskelija>"
    )


def answer(*persons: str) -> bytes:
    """The answer to ``OpiskelijanKaikkiTiedot`` in its envelope."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><l:OpiskelijanKaikkiTiedotResponse xmlns:l="{LUKU}">'
        f'<v:Virta xmlns:v="{DATA}">{"".join(persons)}</v:Virta>'
        "</l:OpiskelijanKaikkiTiedotResponse></s:Body></s:Envelope>"
    ).encode()


def other_scale(code: str, *grades: tuple[str, str, str], name: str = "Oma asteikko") -> str:
    """A grade on a scale of the institution's own: (key, code, name) a grade."""
    listed = "".join(
        f"<v:AsteikkoArvosana avain={quoteattr(k)}><v:Koodi>{escape(c)}</v:Koodi>"
        f"<v:Nimi>{escape(n)}</v:Nimi></v:AsteikkoArvosana>"
        for k, c, n in grades
    )
    return (
        f'<v:Muu><v:Asteikko avain="a"><v:Nimi>{escape(name)}</v:Nimi>{listed}</v:Asteikko>'
        f"<v:Koodi>{escape(code)}</v:Koodi></v:Muu>"
    )
