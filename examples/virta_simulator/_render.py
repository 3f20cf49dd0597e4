"""People to answers, in the order that VIRTA's schema asks for."""

from __future__ import annotations

from lxml import etree

from examples.virta_simulator._model import Attainment, Block, DemoStudent, Names, Right

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://tietovaranto.csc.fi/luku"
DATA = "urn:mace:funet.fi:virta/2015/09/01"


def everything(student: DemoStudent | None, *, empty_data: bool = False) -> bytes:
    """Answer ``OpiskelijanKaikkiTiedot``: without ``Virta`` for nobody, one ``Opiskelija`` a block."""
    message = etree.Element(
        f"{{{MESSAGES}}}OpiskelijanKaikkiTiedotResponse", nsmap={"luku": MESSAGES}
    )
    if empty_data:
        _sub(message, "Virta")
    elif student and student.blocks:
        data = _sub(message, "Virta")
        for block in student.blocks:
            _block(data, block, student)
    return _enveloped(message)


def person(student: DemoStudent | None, organisation: str) -> bytes:
    """Answer ``OpiskelijanTiedot``: names, from an institution that knows the person."""
    message = etree.Element(f"{{{MESSAGES}}}OpiskelijanTiedotResponse", nsmap={"luku": MESSAGES})
    blocks = [b for b in student.blocks if b.institution == organisation] if student else []
    if student and blocks:
        element = _sub(_sub(message, "Opiskelijat"), "Opiskelija", avain=blocks[0].key)
        if student.identity_code:
            _sub(element, "Henkilotunnus", student.identity_code)
        _sub(element, "Sukunimi", student.family_name)
        _sub(element, "Etunimet", student.given_names)
        if student.learner_number:
            _sub(element, "KansallinenOppijanumero", student.learner_number)
    return _enveloped(message)


def _enveloped(message: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(message)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _sub(
    parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, f"{{{DATA}}}{tag}", attributes, nsmap={"virta": DATA})
    element.text = text
    return element


def _block(data: etree._Element, block: Block, student: DemoStudent) -> None:
    element = _sub(data, "Opiskelija", avain=block.key)
    identity_code = block.identity_code or student.identity_code
    if identity_code:
        _sub(element, "Henkilotunnus", identity_code)
    _sub(element, "KansallinenOppijanumero", block.learner_number or student.learner_number)
    if block.rights:
        rights = _sub(element, "Opiskeluoikeudet")
        for right in block.rights:
            _right(rights, right, block)
    if block.attainments:
        attainments = _sub(element, "Opintosuoritukset")
        for attainment in block.attainments:
            _attainment(attainments, attainment, block)


def _right(parent: etree._Element, right: Right, block: Block) -> None:
    element = _sub(parent, "Opiskeluoikeus", avain=right.key, opiskelijaAvain=block.key)
    _sub(element, "AlkuPvm", right.start)
    _sub(element, "LoppuPvm", right.end)
    state = _sub(element, "Tila")
    _sub(state, "AlkuPvm", right.start)
    _sub(state, "Koodi", right.state)
    _sub(element, "Tyyppi", right.type)
    _sub(element, "Myontaja", right.grantor)
    period = _sub(element, "Jakso", koulutusmoduulitunniste=right.code)
    _sub(period, "AlkuPvm", right.start)
    _sub(period, "Koulutuskoodi", right.education_code)
    _sub(period, "Koulutuskunta", "837")
    if right.field:
        _sub(element, "Koulutusala", right.field, versio="ohjausala")


def _attainment(parent: etree._Element, row: Attainment, block: Block) -> None:
    keys = {"avain": row.key, "opiskelijaAvain": block.key, "koulutusmoduulitunniste": row.code}
    if row.right:
        keys["opiskeluoikeusAvain"] = row.right
    element = _sub(parent, "Opintosuoritus", **keys)
    _sub(element, "SuoritusPvm", row.completed)
    extent = _sub(element, "Laajuus")
    _sub(extent, "Opintopiste", row.ects)
    if row.weeks:
        _sub(extent, "Opintoviikko", row.weeks)
    _grade(_sub(element, "Arvosana"), row)
    _sub(element, "Myontaja", row.grantor)
    if row.source:
        source = _sub(element, "Organisaatio")
        _sub(source, "Rooli", "3")
        _sub(source, "Koodi", row.source)
    _sub(element, "Laji", row.kind)
    _names(element, "Nimi", row.names)
    if row.language:
        _sub(element, "Kieli", row.language)
    if row.education_code:
        _sub(element, "Koulutuskoodi", row.education_code)
    if row.field:
        _sub(_sub(element, "Koulutusala"), "Koodi", row.field, versio="ohjausala")
    for key in row.parts:
        _sub(element, "Sisaltyvyys", sisaltyvaOpintosuoritusAvain=key)
    if row.recognised:
        _sub(element, "HyvaksilukuPvm", row.recognised)
    if row.thesis:
        _sub(element, "Opinnaytetyo", "true")
    _names(element, "JulkinenLisatieto", row.notes)


def _grade(element: etree._Element, row: Attainment) -> None:
    scale, code = row.grade
    if scale != "Muu" or row.scale is None:
        _sub(element, scale, code)
        return
    other = _sub(element, "Muu")
    described = _sub(other, "Asteikko", avain=row.scale.key)
    _sub(described, "Nimi", row.scale.name)
    for key, grade_code, name in row.scale.grades:
        grade = _sub(described, "AsteikkoArvosana", avain=key)
        _sub(grade, "Koodi", grade_code)
        _sub(grade, "Nimi", name)
    _sub(other, "Koodi", code)


def _names(element: etree._Element, tag: str, names: Names) -> None:
    for language, text in names.items():
        _sub(element, tag, text, **({"kieli": language} if language else {}))
