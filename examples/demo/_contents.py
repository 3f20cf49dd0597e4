"""What the foreign university must find in the ELMO of the student who has everything."""

from __future__ import annotations

from lxml import etree

NAMESPACES = {
    "e": "https://github.com/emrex-eu/elmo-schemas/tree/v1",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
LOS = "e:learningOpportunitySpecification"
LOI = "e:specifies/e:learningOpportunityInstance"
PART = f"e:hasPart/{LOS}"

EVERYTHING: tuple[tuple[str, str], ...] = (
    ("the learner's European Student Identifier", "e:learner/e:identifier[@type='esi']"),
    ("the learner's names", "e:learner[e:givenNames='Maija Helena'][e:familyName='Mallikas']"),
    ("the learner's birth date", "e:learner/e:bday"),
    (
        "the learner's citizenship, place of birth, name at birth and gender",
        "e:learner[e:citizenship][e:placeOfBirth][e:birthName][e:gender]",
    ),
    (
        "no national identifier for an unlisted client",
        "not(e:learner/e:identifier[@type='nationalIdentifier'])",
    ),
    ("reports of several issuers", "count(e:report) > 1"),
    (
        "an identifier, a title and a url for each issuer",
        "not(e:report/e:issuer[not(e:identifier) or not(e:title) or not(e:url)])",
    ),
    (
        "a tree: degree, module, course, class",
        f"e:report/{LOS}[e:type='Degree Programme']/{PART}[e:type='Module']"
        f"/{PART}[e:type='Course']/{PART}[e:type='Class']",
    ),
    ("a status everywhere", "not(//e:learningOpportunityInstance[not(e:status)])"),
    ("a passed record", f"//{LOI}[e:status='passed']"),
    ("a grade", f"//{LOI}[e:resultLabel='5']"),
    (
        "a grading scheme, described in its report",
        "e:report/e:gradingScheme[@localId][e:description]",
    ),
    (
        "the scheme, referenced from the record",
        "e:report[.//e:gradingSchemeLocalId = e:gradingScheme/@localId]",
    ),
    (
        "no reference without its scheme",
        "not(e:report[.//e:gradingSchemeLocalId[not(. = ancestor::e:report/e:gradingScheme/@localId)]])",
    ),
    (
        "a shortened grading",
        "//e:shortenedGrading[e:percentageLower][e:percentageEqual][e:percentageHigher]",
    ),
    ("a result distribution", "count(//e:resultDistribution/e:category) > 1"),
    ("an academic term", "//e:academicTerm[e:title][e:start][e:end]"),
    ("ECTS credits", "//e:credit[e:scheme='ects']/e:value"),
    ("an EQF level", "//e:level[e:type='EQF']/e:value"),
    ("a national level", "//e:level[e:type!='EQF']/e:value"),
    ("a language of instruction", "//e:languageOfInstruction"),
    ("engagement hours", "//e:engagementHours"),
    ("attachments of the report", "e:report/e:attachment/e:content"),
    ("references to them", "e:report[.//e:attachments/e:ref = e:attachment/e:identifier]"),
    ("the transcript", "e:attachment[e:type='EMREX transcript']/e:content"),
    (
        "a Transcript of Records in each report",
        "not(e:report[not(e:attachment[e:type='Transcript of Records']/e:content)])",
    ),
    ("a group type with groups", "e:groups/e:groupType[@id]/e:group[@id]"),
    ("records in groups", "//e:grouping[@typeref][@idref]"),
    ("a diploma supplement with its version", "//e:diplomaSupplement[e:version][e:section]"),
    ("an extension of a record", f"//{LOI}/e:extension/*"),
    (
        "one signature, last in the document",
        "count(ds:Signature) = 1 and *[last()][self::ds:Signature]",
    ),
)
"""Name and XPath from ``elmo``; each must hold or find something."""


def missing(elmo: bytes) -> list[str]:
    """Return the names of what the document lacks."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    root = etree.fromstring(elmo, parser)
    return [name for name, path in EVERYTHING if not root.xpath(path, namespaces=NAMESPACES)]
