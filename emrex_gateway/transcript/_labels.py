"""The transcript's own words in English, Finnish and Swedish.

A catalogue of its own rather than the web pages': a worker renders without
Flask, and the words of a document that is signed and archived change with a
release and on purpose, not with a page's translation. The order of the three
is that of ``LANGUAGES``; a test holds that every label has all three.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "fi", "sv")

_CATALOGUE: Final[dict[str, tuple[str, str, str]]] = {
    # The document
    "title.emrex": ("EMREX transcript", "EMREX-opintosuoritusote", "EMREX-studieutdrag"),
    "title.records": ("Transcript of Records", "Opintosuoritusote", "Studieutdrag"),
    "title.decision": (
        "Decision on recognition of studies",
        "Päätös opintojen hyväksilukemisesta",
        "Beslut om tillgodoräknande av studier",
    ),
    "decision": ("Decision", "Päätös", "Beslut"),
    "decision.on": ("Decided on", "Päätöspäivä", "Beslutsdag"),
    "decision.Positive": ("recognised", "hyväksytty", "tillgodoräknas"),
    "decision.Partially Positive": (
        "recognised in part",
        "hyväksytty osittain",
        "tillgodoräknas delvis",
    ),
    "decision.Negative": ("not recognised", "ei hyväksytty", "tillgodoräknas inte"),
    "decision.from": ("Studied elsewhere", "Opiskeltu muualla", "Studerat på annat håll"),
    "decision.to": ("Counts here as", "Täällä hyväksytty", "Räknas här som"),
    "decision.nothing": ("Does not count here", "Ei hyväksytä täällä", "Räknas inte här"),
    "generated": ("Generated", "Luotu", "Skapat"),
    "page": ("Page", "Sivu", "Sida"),
    "note.text": (
        "This is the readable form of an electronically signed ELMO file. The signed file is "
        "the authoritative form: rely on it, and on its signature, where the two should differ.",
        "Tämä on sähköisesti allekirjoitetun ELMO-tiedoston luettava muoto. Allekirjoitettu "
        "tiedosto on todistusvoimainen: jos sisällöt poikkeavat toisistaan, luota tiedostoon ja "
        "sen allekirjoitukseen.",
        "Detta är den läsbara formen av en elektroniskt undertecknad ELMO-fil. Den undertecknade "
        "filen gäller: lita på den och dess underskrift om innehållet skulle skilja sig åt.",
    ),
    "note.missing": (
        "Characters that cannot be shown here appear as [U+…], their Unicode number; the ELMO "
        "file holds them unchanged wherever XML allows them.",
        "Merkit, joita ei voi näyttää tässä, esitetään Unicode-numeroina muodossa [U+…]; "
        "ELMO-tiedostossa ne ovat ennallaan, sikäli kuin XML sallii ne.",
        "Tecken som inte kan visas här återges med sitt Unicode-nummer, [U+…]; i ELMO-filen står "
        "de oförändrade, i den mån XML tillåter dem.",
    ),
    "note.extensions": (
        "The ELMO file also holds machine-readable extensions that are not shown here.",
        "ELMO-tiedostossa on lisäksi koneluettavia laajennuksia, joita ei näytetä tässä.",
        "ELMO-filen innehåller även maskinläsbara tillägg som inte visas här.",
    ),
    "draft": ("DRAFT", "LUONNOS", "UTKAST"),
    "draft.text": (
        "This is a draft for the learner's own eyes. It is not signed and proves nothing.",
        "Tämä on luonnos opiskelijan omaan käyttöön. Sitä ei ole allekirjoitettu, eikä se todista mitään.",
        "Detta är ett utkast för den studerandes eget bruk. Det är inte undertecknat och bevisar ingenting.",
    ),
    "verify.code": ("Verification code", "Tarkistuskoodi", "Kontrollkod"),
    "verify.at": (
        "Check the code and the files at",
        "Tarkista koodi ja tiedostot osoitteessa",
        "Kontrollera koden och filerna på",
    ),
    "embedded": (
        "The signed ELMO file that this transcript was made from",
        "Allekirjoitettu ELMO-tiedosto, josta tämä ote on tehty",
        "Den undertecknade ELMO-fil som utdraget har gjorts av",
    ),
    "cut": (
        "[… shortened here: the ELMO file has the whole]",
        "[… lyhennetty tässä: koko teksti on ELMO-tiedostossa]",
        "[… förkortat här: hela texten finns i ELMO-filen]",
    ),
    # The learner
    "learner": ("Learner", "Opiskelija", "Studerande"),
    "family_name": ("Family name", "Sukunimi", "Efternamn"),
    "given_names": ("Given names", "Etunimet", "Förnamn"),
    "alternative_name": ("Name in another form", "Nimi toisessa muodossa", "Namn i annan form"),
    "birth_name": ("Name at birth", "Nimi syntymähetkellä", "Namn vid födseln"),
    "birth_date": ("Date of birth", "Syntymäaika", "Födelsedatum"),
    "place_of_birth": ("Place of birth", "Syntymäpaikka", "Födelseort"),
    "citizenship": ("Citizenship", "Kansalaisuus", "Medborgarskap"),
    "gender": ("Gender", "Sukupuoli", "Kön"),
    "gender.0": ("not known", "ei tiedossa", "okänt"),
    "gender.1": ("male", "mies", "man"),
    "gender.2": ("female", "nainen", "kvinna"),
    "gender.9": ("not applicable", "ei sovelleta", "ej tillämpligt"),
    "not_stated": ("not stated", "ei ilmoitettu", "ej angivet"),
    "person.esi": (
        "European Student Identifier",
        "Eurooppalainen opiskelijatunniste",
        "Europeisk studentidentifierare (ESI)",
    ),
    "person.nationalIdentifier": (
        "National identifier",
        "Kansallinen henkilötunniste",
        "Nationell personbeteckning",
    ),
    "person.nationalLearnerId": (
        "National learner number",
        "Kansallinen oppijanumero",
        "Nationellt studentnummer",
    ),
    "person.local": (
        "Student number",
        "Opiskelijanumero",
        "Studentnummer vid lärosätet",
    ),
    # The issuer
    "issuer": ("Issuing institution", "Myöntäjä", "Utfärdare"),
    "no_title": ("(no title)", "(ei nimeä)", "(namn saknas)"),
    "country": ("Country", "Maa", "Land"),
    "website": ("Website", "Verkkosivusto", "Webbplats"),
    "issued": ("Date of issue", "Myöntämispäivä", "Utfärdandedag"),
    "institution.schac": ("Internet domain (SCHAC)", "Verkkotunnus (SCHAC)", "Domännamn (SCHAC)"),
    "institution.erasmus": ("Erasmus code", "Erasmus-koodi", "Erasmuskod"),
    "institution.pic": ("PIC number", "PIC-numero", "PIC-nummer"),
    "institution.address": ("Address", "Osoite", "Adress"),
    # The table of records
    "records": ("Studies", "Opinnot", "Studier"),
    "no_records": (
        "This report holds no studies.",
        "Raportissa ei ole opintoja.",
        "Rapporten innehåller inga studier.",
    ),
    "when": ("Date, term", "Päivä, lukukausi", "Datum, termin"),
    "credits": ("Credits", "Laajuus", "Omfattning"),
    "grade": ("Grade", "Arvosana", "Vitsord"),
    "status.passed": ("passed", "hyväksytty", "godkänd"),
    "status.failed": ("FAILED", "HYLÄTTY", "UNDERKÄND"),
    "status.in-progress": ("IN PROGRESS", "KESKEN", "PÅGÅENDE"),
    "type.Degree Programme": ("Degree programme", "Tutkinto-ohjelma", "Examensprogram"),
    "type.Module": ("Module", "Opintokokonaisuus", "Studiehelhet"),
    "type.Course": ("Course", "Opintojakso", "Studieavsnitt"),
    "type.Class": ("Class", "Toteutus", "Genomförande"),
    "total": (
        "Passed studies in total",
        "Hyväksyttyjä opintoja yhteensä",
        "Godkända studier totalt",
    ),
    "total.rule": (
        "Credits of a whole already include its parts; nothing is counted twice.",
        "Kokonaisuuden laajuus sisältää jo sen osat; mitään ei ole laskettu kahteen kertaan.",
        "En helhets omfattning innefattar redan dess delar; ingenting räknas två gånger.",
    ),
    "all.passed": (
        "All of these studies are passed.",
        "Kaikki nämä opinnot on hyväksytty.",
        "Alla dessa studier är godkända.",
    ),
    "not.all.passed": (
        "Studies without a mark beside the grade are passed.",
        "Opinnot, joiden arvosanan vieressä ei ole merkintää, on hyväksytty.",
        "Studier utan märkning vid vitsordet är godkända.",
    ),
    # A record's details
    "code": ("Code", "Koodi", "Kod"),
    "depth": ("Depth in the tree", "Syvyys puussa", "Djup i trädet"),
    "level": ("level", "taso", "nivå"),
    "language": ("Taught in", "Kieli", "Språk"),
    "terms": ("Terms", "Lukukaudet", "Terminer"),
    "hours": ("Hours of work", "Työtunteja", "Arbetstimmar"),
    "subject_area": ("Subject area", "Opintoala", "Ämnesområde"),
    "isced": ("ISCED-F field", "ISCED-F-ala", "ISCED-F-område"),
    "group": ("Group", "Ryhmä", "Grupp"),
    "share": (
        "Fellow students with a lower, the same and a higher grade",
        "Muista opiskelijoista alempi, sama ja ylempi arvosana",
        "Andel studerande med lägre, samma och högre vitsord",
    ),
    "started": ("Started", "Alkanut", "Påbörjad"),
    "distribution": ("All students' results", "Kaikkien tulokset", "Samtliga resultat"),
    "attachment": ("Attachment", "Liite", "Bilaga"),
    "details": ("Details of the studies", "Opintojen tiedot", "Uppgifter om studierna"),
    "details.others": (
        "Descriptions stand here in one language; the ELMO file has them in others, too.",
        "Kuvaukset ovat tässä yhdellä kielellä; ELMO-tiedostossa ne ovat muillakin kielillä.",
        "Beskrivningarna står här på ett språk; ELMO-filen har dem även på andra språk.",
    ),
    "details.without": (
        "Descriptions of so many studies would fill many pages: the ELMO file has them.",
        "Näin monen opinnon kuvaukset täyttäisivät monta sivua: ne ovat ELMO-tiedostossa.",
        "Beskrivningar av så här många studier skulle fylla många sidor: de finns i ELMO-filen.",
    ),
    "supplement": ("Diploma supplement", "Tutkintotodistuksen liite", "Examensbilaga"),
    # After the table
    "schemes": ("Grading schemes", "Arvosana-asteikot", "Vitsordsskalor"),
    "scheme": ("Scheme", "Asteikko", "Skala"),
    "attachments": (
        "Attachments in the ELMO file",
        "ELMO-tiedoston liitteet",
        "Bilagor i ELMO-filen",
    ),
    "for_records": ("Of the studies", "Opinnot", "Studier"),
    "version": ("rules of", "säännöt vuodelta", "regler från"),
    "more": ("Additional information", "Lisätietoja", "Ytterligare information"),
    "file_only": (
        "(content of the type {type}: see the ELMO file)",
        "(sisältö tyyppiä {type}: katso ELMO-tiedosto)",
        "(innehåll av typen {type}: se ELMO-filen)",
    ),
    # Types of attachments
    "file.Diploma": ("Diploma", "Tutkintotodistus", "Examensbevis"),
    "file.Diploma Supplement": (
        "Diploma supplement",
        "Tutkintotodistuksen liite",
        "Examensbilaga",
    ),
    "file.Transcript of Records": ("Transcript of Records", "Opintosuoritusote", "Studieutdrag"),
    "file.EMREX transcript": (
        "EMREX transcript",
        "EMREX-opintosuoritusote",
        "EMREX-studieutdrag",
    ),
    "file.Micro Credential": (
        "Micro-credential",
        "Pieni osaamiskokonaisuus",
        "Mikromeritering",
    ),
    "file.Letter of Nomination": ("Letter of nomination", "Nimeämiskirje", "Nomineringsbrev"),
    "file.Certificate of Training": (
        "Certificate of training",
        "Harjoittelutodistus",
        "Praktikintyg",
    ),
    "file.Learning Agreement": (
        "Learning agreement",
        "Opintosopimus",
        "Studieavtal",
    ),
    "file.Other": ("Other file", "Muu tiedosto", "Annan fil"),
}


def supported(language: str) -> str:
    """The catalogue's language nearest to a BCP 47 tag; English where there is none."""
    primary = language.lower().partition("-")[0].partition("_")[0]
    return primary if primary in LANGUAGES else LANGUAGES[0]


def labels(language: str) -> dict[str, str]:
    """All labels of one of ``LANGUAGES``, by key."""
    column = LANGUAGES.index(language)
    return {key: words[column] for key, words in _CATALOGUE.items()}
