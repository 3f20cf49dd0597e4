"""What the administrator's form says of each setting: a label and a help, in English, Finnish and Swedish."""

from __future__ import annotations

from collections.abc import Mapping

Three = tuple[str, str, str]

TEXTS: Mapping[str, tuple[Three, Three]] = {
    "base_url": (
        ("Address", "Osoite", "Adress"),
        (
            "Address of the system without the version, such as https://peppi.example.org/api. "
            "Only https; http is accepted for loopback addresses.",
            "Järjestelmän osoite ilman versiota, esimerkiksi https://peppi.example.org/api. "
            "Vain https; http kelpaa loopback-osoitteissa.",
            "Systemets adress utan version, till exempel https://peppi.example.org/api. "
            "Endast https; http godtas för loopback-adresser.",
        ),
    ),
    "api_key": (
        ("API key", "API-avain", "API-nyckel"),
        (
            "Sent as the user name of HTTP Basic with an empty password.",
            "Lähetetään HTTP Basic -käyttäjätunnuksena, salasana on tyhjä.",
            "Skickas som användarnamn i HTTP Basic med tomt lösenord.",
        ),
    ),
    "searches": (
        ("How students are found", "Opiskelijan haku", "Sökning av studerande"),
        (
            "By what to look for a student, in this order: what the login knows "
            "(host_key, nationalLearnerId, esi, local) = the search parameter, which is also the "
            "property of the student that must hold the value.",
            "Millä opiskelijaa haetaan, tässä järjestyksessä: kirjautumisen tieto "
            "(host_key, nationalLearnerId, esi, local) = hakuparametri, joka on myös se "
            "opiskelijan ominaisuus, jossa arvon on oltava.",
            "Hur en studerande söks, i denna ordning: det som inloggningen vet "
            "(host_key, nationalLearnerId, esi, local) = sökparametern, som också är den "
            "egenskap hos den studerande som måste ha värdet.",
        ),
    ),
    "student_path": (
        ("Path of the student search", "Opiskelijahaun polku", "Sökväg för studerande"),
        (
            "Begins with /.",
            "Alkaa merkillä /.",
            "Börjar med /.",
        ),
    ),
    "credits_path": (
        ("Path of completed credits", "Suoritusten polku", "Sökväg för prestationer"),
        (
            "{id} becomes the student's id.",
            "{id} korvataan opiskelijan tunnisteella.",
            "{id} ersätts med den studerandes id.",
        ),
    ),
    "study_rights_path": (
        ("Path of study rights", "Opiskeluoikeuksien polku", "Sökväg för studierätter"),
        (
            "They tell a degree's level; {id} becomes the student's id. Empty when the system has "
            "none.",
            "Niistä selviää tutkinnon taso; {id} korvataan opiskelijan tunnisteella. Tyhjä, jos "
            "järjestelmässä ei ole niitä.",
            "De anger examens nivå; {id} ersätts med den studerandes id. Tomt om systemet inte "
            "har några.",
        ),
    ),
    "ping_path": (
        ("Path of the connection test", "Yhteyskokeilun polku", "Sökväg för förbindelseprovet"),
        (
            "Fetched to see whether the system is well. Empty: searches for nobody.",
            "Haetaan, kun kokeillaan, vastaako järjestelmä. Tyhjä: haetaan henkilöä, jota ei ole.",
            "Hämtas för att se om systemet svarar. Tomt: söker efter en person som inte finns.",
        ),
    ),
    "from_parameter": (
        ("Paging: first record", "Sivutus: ensimmäinen tietue", "Sidindelning: första posten"),
        ("Name of the parameter.", "Parametrin nimi.", "Parameterns namn."),
    ),
    "size_parameter": (
        ("Paging: number of records", "Sivutus: tietueiden määrä", "Sidindelning: antal poster"),
        ("Name of the parameter.", "Parametrin nimi.", "Parameterns namn."),
    ),
    "page_size": (
        ("Records at once", "Tietueita kerralla", "Poster åt gången"),
        (
            "0 for a system that does not page.",
            "0, jos järjestelmä ei sivuta.",
            "0 för ett system utan sidindelning.",
        ),
    ),
    "renamed": (
        ("Properties with other names", "Eri nimiset ominaisuudet", "Egenskaper med andra namn"),
        (
            "What the system calls differently: object.property=name or property=name, such as "
            "credit.academicTerm=term.",
            "Mitä järjestelmä kutsuu toisin: kohde.ominaisuus=nimi tai ominaisuus=nimi, "
            "esimerkiksi credit.academicTerm=term.",
            "Det som systemet kallar annorlunda: objekt.egenskap=namn eller egenskap=namn, till "
            "exempel credit.academicTerm=term.",
        ),
    ),
    "language": (
        ("Language of requests", "Pyyntöjen kieli", "Språk i förfrågningar"),
        (
            "Sent as Accept-Language; names in every language are read anyway.",
            "Lähetetään Accept-Language-otsakkeena; nimet luetaan silti kaikilla kielillä.",
            "Skickas som Accept-Language; namn läses ändå på alla språk.",
        ),
    ),
    "no_languages": (
        (
            "Codes of no single language",
            "Koodit ilman yhtä kieltä",
            "Koder utan ett enda språk",
        ),
        (
            "Language codes of a completed credit that mean no single language.",
            "Suorituksen kielikoodit, jotka eivät tarkoita yhtä kieltä.",
            "Prestationens språkkoder som inte betyder ett enda språk.",
        ),
    ),
    "timezone": (
        ("Time zone", "Aikavyöhyke", "Tidszon"),
        (
            "In which a moment (epoch milliseconds, a date with an offset) becomes a date.",
            "Jossa ajanhetki (epoch-millisekunnit, siirtymällinen aika) muuttuu päiväksi.",
            "I vilken en tidpunkt (epokmillisekunder, tid med förskjutning) blir ett datum.",
        ),
    ),
    "own_codes": (
        ("Own institution codes", "Omat oppilaitoskoodit", "Egna läroanstaltskoder"),
        (
            "Institution codes (organisationTkCode) that mean the institution itself, such as "
            "those from before a merger.",
            "Oppilaitoskoodit (organisationTkCode), jotka tarkoittavat korkeakoulua itseään, "
            "esimerkiksi yhdistymistä edeltävät.",
            "Läroanstaltskoder (organisationTkCode) som betyder högskolan själv, till exempel de "
            "från tiden före en sammanslagning.",
        ),
    ),
    "applications_path": (
        ("Path of applications", "Hakemusten polku", "Sökväg till ansökningar"),
        (
            "Where an application for recognition is sent to; {id} becomes the student's id. Empty "
            "when the system takes none.",
            "Mihin hyväksilukuhakemus lähetetään; {id} korvataan opiskelijan tunnisteella. Tyhjä, "
            "jos järjestelmä ei ota hakemuksia vastaan.",
            "Vart en ansökan om tillgodoräknande skickas; {id} ersätts med den studerandes id. Tomt "
            "om systemet inte tar emot några.",
        ),
    ),
    "application_path": (
        ("Path of one application", "Yhden hakemuksen polku", "Sökväg till en ansökan"),
        (
            "Where the decision is asked for; {id} becomes the application's id.",
            "Mistä päätöstä kysytään; {id} korvataan hakemuksen tunnisteella.",
            "Var beslutet efterfrågas; {id} ersätts med ansökans id.",
        ),
    ),
    "application_page": (
        ("Page of one application", "Yhden hakemuksen sivu", "En ansökans sida"),
        (
            "Address of the system's own page on an application, for officers; {id} becomes the "
            "application's id. Empty: none, unless the system gives one.",
            "Järjestelmän oman hakemussivun osoite virkailijoille; {id} korvataan hakemuksen "
            "tunnisteella. Tyhjä: ei sivua, ellei järjestelmä anna sellaista.",
            "Adressen till systemets egen sida om en ansökan, för handläggare; {id} ersätts med "
            "ansökans id. Tomt: ingen, om inte systemet ger en.",
        ),
    ),
    "webhook_secret": (
        ("Secret of the system's messages", "Viestien salaisuus", "Meddelandenas hemlighet"),
        (
            "With what the system signs its messages that an application was decided "
            "(docs/recognition.md). Empty: it sends none and is asked now and then.",
            "Millä järjestelmä allekirjoittaa ilmoituksensa hakemusten päätöksistä "
            "(docs/recognition.md). Tyhjä: se ei ilmoita, vaan siltä kysytään ajoittain.",
            "Med vad systemet undertecknar sina meddelanden om att en ansökan avgjorts "
            "(docs/recognition.md). Tomt: det skickar inga utan frågas då och då.",
        ),
    ),
    "max_upload_bytes": (
        ("Largest application", "Suurin hakemus", "Största ansökan"),
        (
            "A larger application, with its files, is not sent.",
            "Suurempaa hakemusta liitteineen ei lähetetä.",
            "En större ansökan, med sina filer, skickas inte.",
        ),
    ),
    "fallback_url": (
        ("Web address of others", "Muiden verkko-osoite", "Andras webbadress"),
        (
            "Of other institutions of which the system says none. Empty: the address of the "
            "institution itself.",
            "Muille korkeakouluille, joista järjestelmä ei kerro osoitetta. Tyhjä: korkeakoulun "
            "oma osoite.",
            "För andra högskolor som systemet inte anger någon för. Tomt: högskolans egen adress.",
        ),
    ),
    "failing_grades": (
        ("Failing grades", "Hylätyt arvosanat", "Underkända vitsord"),
        (
            "Grade codes that are failed on every scale.",
            "Arvosanakoodit, jotka ovat hylättyjä kaikilla asteikoilla.",
            "Vitsordskoder som är underkända på alla skalor.",
        ),
    ),
    "connect_timeout": (
        ("Wait for a connection", "Yhteyden odotus", "Väntan på förbindelse"),
        (
            "How long connecting may take.",
            "Kuinka kauan yhteyden avaaminen saa kestää.",
            "Hur länge uppkopplingen får ta.",
        ),
    ),
    "read_timeout": (
        ("Wait for an answer", "Vastauksen odotus", "Väntan på svar"),
        (
            "How long to wait for the next piece of an answer.",
            "Kuinka kauan odotetaan vastauksen seuraavaa osaa.",
            "Hur länge nästa del av ett svar väntas på.",
        ),
    ),
    "total_timeout": (
        ("Longest request", "Pisin pyyntö", "Längsta förfrågan"),
        (
            "How long one request may take in all.",
            "Kuinka kauan yksi pyyntö saa kaikkiaan kestää.",
            "Hur länge en förfrågan får ta allt som allt.",
        ),
    ),
    "max_answer_bytes": (
        ("Largest answer", "Suurin vastaus", "Största svaret"),
        (
            "A larger one is refused.",
            "Suurempi hylätään.",
            "Ett större avvisas.",
        ),
    ),
    "max_total_bytes": (
        ("Largest answers of one student", "Yhden opiskelijan vastaukset", "En studerandes svar"),
        (
            "Most that one student's answers may weigh together.",
            "Kuinka paljon yhden opiskelijan vastaukset saavat yhteensä painaa.",
            "Hur mycket en studerandes svar får väga tillsammans.",
        ),
    ),
    "max_records": (
        ("Most completed credits", "Suorituksia enintään", "Prestationer högst"),
        (
            "That one student may have.",
            "Yhdellä opiskelijalla.",
            "Hos en studerande.",
        ),
    ),
    "ca_file": (
        ("Certificates of the authority", "Varmentajan varmenteet", "Utfärdarens certifikat"),
        (
            "File with the certificates of the authority that signed the system's; empty: the "
            "usual public ones.",
            "Tiedosto, jossa ovat järjestelmän varmenteen allekirjoittajan varmenteet; tyhjä: "
            "tavalliset julkiset.",
            "Fil med certifikaten för den som undertecknat systemets; tomt: de vanliga offentliga.",
        ),
    ),
}


def texts(name: str) -> dict[str, Mapping[str, str]]:
    """The metadata of a setting: its label and help by language."""
    label, help_ = TEXTS[name]
    tags = ("en", "fi", "sv")
    return {
        "label": dict(zip(tags, label, strict=True)),
        "help": dict(zip(tags, help_, strict=True)),
    }
