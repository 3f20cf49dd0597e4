"""A few hundred universities that do not exist: something to search through.

Places are invented, domains end in ``.example``. Names come in the language of
the country and, mostly, in English.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_PLACES = {
    "fi": "Kuusisalmi/Kuusisalmen Harjunpää/Harjunpään Lehtovuori/Lehtovuoren Ylämäki/Ylämäen"
    " Särkiranta/Särkirannan Tuulivaara/Tuulivaaran Koivuniemi/Koivuniemen Jänislahti/Jänislahden",
    "sv": "Åsvik Björkfors Västermora Ekstad Sjöhamn Grävlinge Öborg Ljungdala Älvros",
    "nb": "Fjellbø Nordøy Sætervik Granheim Østfoss Hvalsund Åmotvik Bjørkelia Tindvåg",
    "da": "Søkøbing Grønholt Ærenæs Skovrup Vesterå Højsted Tværhavn Rødbro Klitlev",
    "is": "Hvítavík Fossgerði Hraunborg Ísafoss Þórsdalur Rauðasandur Mýrarbær",
    "et": "Kõrgesoo Männiranna Põllumäe Saarejärve Tõrvanõmme Üleoja Väikelinna",
    "lv": "Baltezerkalns Dzērvciems Ķiršupe Mežavots Saulgrieži Vējupils Žagarkrasts",
    "lt": "Ąžuolava Beržupis Gražiškis Mėlynkalnis Šilėnava Upytėnai Žvirblynė",
    "de": "Grünwerder Höhenlohe Königsaue Mühlbrück Süderfelde Überwald Weißenried Lindenförde",
    "nl": "Blauwerzijl Duinhoek Heidekerke Leeuwenwaard Oosterbrugge Waterlooberg Zilvermeer",
    "fr": "Bellefontaine-sur-Lys Châteaubrune Forêt-Neuve Hautecœur Île-Verte Montclérac Sainte-Aurore",
    "es": "Alcorneda Fuenteáurea Montañuela Peñasverdes Río Albar Valdeñera Villacándida",
    "it": "Acquafredda Alta Borgocolle Montesereno Pianverde Roccadoro Valchiarella Villaluce",
    "pl": "Białogóra Dębowiec Wielki Jeziorany Nowe Łąkowo Różanystok Świerczyn Źródłowice Żurawinek",
    "cs": "Březohory Ďáblův Kámen Hlubočany Jeřabí Lom Říčná Lhota Šípkovice Železná Studánka",
    "hu": "Aranykút Bükkszállás Fűzesvölgy Gyöngyhalom Hársliget Nyírtelep Őzlak",
    "ro": "Brădet-Vale Câmpulăț Izvorănești Mărgineasa Stejărel Șoimari-Deal Țărmureni",
    "hr": "Bijela Vrela Čaplja Gora Đurđin Dol Lipovčane Šumoborje Žitnjak Polje",
    "tr": "Akçapınar Beyazköprü Çamlıyayla Gümüşova Işıklıtepe Söğütçayırı Üzümlübel",  # noqa: RUF001 - Turkish letters
    "el": "Ασπροπηγή Γαλαζοχώρι Ελαιοράχη Λευκόλιθος Μελισσότοπος Ξεροβούνα",
    "uk": "Білоозірськ Веселодолина Журавлинне Калинопіль Сонцегірка Тихолісся",
}
"""Invented places by language, in that language's letters, Finnish ones with their genitive; several words of a name stay together
only when the next one begins with a capital letter or a hyphen joins them (see ``_places``)."""

_KINDS = {
    "fi": ("{} yliopisto", "{} ammattikorkeakoulu"),
    "sv": ("{} universitet", "Högskolan i {}"),
    "nb": ("Universitetet i {}", "Høgskolen i {}"),
    "da": ("{} Universitet", "Professionshøjskolen {}"),
    "is": ("Háskólinn {}",),
    "et": ("{} Ülikool", "{} Rakenduskõrgkool"),
    "lv": ("Augstskola “{}”",),
    "lt": ("Aukštoji mokykla „{}“",),
    "de": ("Universität {}", "Technische Hochschule {}"),
    "nl": ("Universiteit {}", "Hogeschool {}"),
    "fr": ("Université de {}", "École supérieure de {}"),
    "es": ("Universidad de {}",),
    "it": ("Università di {}", "Politecnico di {}"),
    "pl": ("Akademia {}", "Politechnika {}"),
    "cs": ("Univerzita {}", "Vysoké učení technické {}"),
    "hu": ("{} Egyetem",),
    "ro": ("Universitatea din {}",),
    "hr": ("Sveučilište {}",),
    "tr": ("{} Üniversitesi", "{} Teknik Üniversitesi"),
    "el": ("Πανεπιστήμιο {}",),
    "uk": ("Університет «{}»",),
}
_ENGLISH = ("University of {}", "{} University of Applied Sciences")
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ı": "i", "œ": "oe"}  # noqa: RUF001 - Turkish letters
)


@dataclass(frozen=True, slots=True)
class University:
    """One of them: names by language, and its domain."""

    names: tuple[tuple[str, str], ...]
    domain: str

    @property
    def entity_id(self) -> str:
        """The name of its identity provider, which does not exist either."""
        return f"https://idp.{self.domain}/saml"


def _places(listed: str) -> list[str]:
    """Split a line of places; a second word belongs to the one before when a table says so."""
    joined = {
        *("Río Albar", "Acquafredda Alta", "Dębowiec Wielki", "Jeziorany Nowe", "Ďáblův Kámen"),
        *("Jeřabí Lom", "Říčná Lhota", "Železná Studánka", "Bijela Vrela", "Čaplja Gora"),
        *("Đurđin Dol", "Žitnjak Polje"),
    }
    words, found = listed.split(), list[str]()
    while words:
        pair = " ".join(words[:2])
        taken = 2 if pair in joined else 1
        found.append(" ".join(words[:taken]))
        del words[:taken]
    return found


def _ascii(text: str) -> str:
    lowered = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(c for c in lowered if c.isascii() and c.isalnum())


def _make() -> tuple[University, ...]:
    made = []
    for language, line in _PLACES.items():
        for number, place in enumerate(_places(line)):
            nominative, _, genitive = place.partition("/")
            label = _ascii(nominative) or f"{language}-{number + 1}"
            for kind, pattern in enumerate(_KINDS[language]):
                domain = f"{label}{'-tech' if kind else ''}.{language}.example"
                names = [(language, pattern.format(genitive or nominative))]
                # now and then a university has no name in English, as it happens
                if (number + kind) % 5 != 4:
                    names.append(("en", _ENGLISH[kind].format(nominative)))
                made.append(University(tuple(names), domain))
    return tuple(made)


UNIVERSITIES = _make()
"""All of them; the domains are unique."""
