"""Given names that have more than one form: of one state and another, formal and familiar.

An authority writes the same person Aleksandr in one language and Oleksandr in
another; both stand in passports, and no parents give both to twins. Familiar
forms (Sasha) stand in no passport: they only keep a pair from being refused.
"""

from __future__ import annotations

from emrex_gateway.matching._listed import listed

_OFFICIAL = tuple(
    listed(forms)
    for forms in (
        "aleksandr alexander aleksander oleksandr aliaksandr aleksandar alexandr alexandre",
        "aleksandra alexandra oleksandra aliaksandra",
        "aleksei aleksey alexey alexei oleksii oleksiy aliaksei",
        "andrei andrey andrii andriy andrej",
        "anton antin",
        "bogdan bohdan",
        "daniil danil danylo",
        "dmitry dmitrii dmitriy dmytro dzmitry",
        "ekaterina yekaterina kateryna katsiaryna",
        "elena yelena olena jelena",
        "evgeny evgeni evgenii evgeniy yevgeny yevgeniy yevhen yevhenii yauhen",
        "evgenia evgeniya yevgeniya yevheniia yauheniya",
        "grigory grigorii grigoriy hryhorii",
        "igor ihor ihar",
        "ilya ilia illia",
        "irina iryna",
        "kirill kyrylo kiryl",
        "maxim maksim maksym",
        "mikhail mykhailo mikhas",
        "nikita mykyta mikita",
        "nikolai nikolay mykola mikalai",
        "natalia natalya nataliya nataliia natallia",
        "oleg oleh aleh",
        "olga olha volha",
        "pavel pavlo",
        "petr pyotr petro piotr",
        "sergei sergey serhii serhiy siarhei",
        "svetlana svitlana sviatlana",
        "tatiana tatyana tetiana tatsiana",
        "vasily vasilii vasiliy vasyl vasil",
        "vitaly vitaliy vitalii",
        "vladimir volodymyr uladzimir",
        "vladislav vladyslav uladzislau",
        "yulia yuliya yuliia julia iuliia",
        "yury yurii yuriy iurii yuri",
        "ioannis giannis yannis iannis yiannis",
        "georgios giorgos yorgos georgos",
        "dimitrios dimitris demetrios",
        "konstantinos kostas constantinos",
        "nikolaos nikos",
        "panagiotis panayiotis panos",
        "vasileios vasilios vasilis",
        "athanasios thanasis thanos",
        "emmanouil manolis emmanuel",
        "aikaterini katerina ekaterini",
        "spyridon spyros spiros",
        "evangelos vangelis",
        "efstathios stathis",
        "eleftherios lefteris",
        "charalampos haralambos babis",
        "khaled khalid",
        "tarek tariq tareq tarik",
        "walid waleed oualid",
        "faris fares",
        "ramzi ramzy",
        "youssef yousef yusuf yosef",
        "said saeed saied",
        "hamza hamzah",
        "mohammed muhammad mohamed mohammad muhammed mohamad",
        "mahmoud mahmud mahmood",
        "othman osman usman uthman",
        "zeinab zainab zaynab",
    )
)

_FAMILIAR = tuple(
    listed(forms)
    for forms in (
        "aleksandr alexander oleksandr aleksandra alexandra sasha sacha sanya shura alex xander sandro",
        "anna anya annika anja ania",
        "anastasia nastya anastasiia",
        "antonio toni tony toño",
        "alejandro ale",
        "ekaterina katya kateryna katja kasia katarzyna",
        "elizabeth elisabeth liz lisa beth betty elisaveta liza ela",
        "evgeny evgeniy evgenia zhenya",
        "dmitry dmitrii dima mitya",
        "francisco paco pancho fran",
        "friedrich fritz",
        "giuseppe beppe peppe",
        "grzegorz grzesiek",
        "ivan vanya",
        "jose pepe",
        "johannes johan jan hans hannes jannes",
        "joseph joe josef sepp",
        "jakub kuba",
        "katharina kathi kate cathy catherine",
        "laszlo laci",
        "magdalena magda lena",
        "malgorzata gosia",
        "margaret maggie peggy meg margarita rita",
        "maria masha mariya marie maja mia",
        "mikhail misha michael mike michal mick",
        "natalia natasha natalya",
        "nikolai kolya nicholas nick",
        "olga olya",
        "pavel pasha",
        "robert bob rob bert",
        "richard dick rick",
        "sergei serezha seryozha",
        "sofia sonya sophie sofie",
        "stanislav stas stanislaw staszek",
        "tatiana tanya",
        "thomas tom tommy",
        "vladimir volodya vova",
        "wilhelm willem bill william wim willi will",
        "yulia julia yulya",
        "zsuzsanna zsuzsa susanna",
        "istvan pista",
        "jozsef joska",
        "ferenc feri",
        "henrik henkka heikki",
        "juhani juha jussi",
        "guillermo memo",
        "ignacio nacho",
        "jesus chuy",
        "rosario charo",
        "concepcion concha",
        "dolores lola",
        "mercedes merche",
        "enrique quique",
        "manuel manolo manu",
        "jorge coque",
        "lawrence larry laurence",
        "edward ed ted eddie",
        "henry harry hank",
        "james jim jimmy jamie",
        "john jack johnny",
        "charles charlie chuck",
        "andrew andy drew",
        "anthony tony",
        "christopher chris kit",
        "daniel dan danny",
        "david dave",
        "mehmet memo",
        "mustafa mustu",
    )
)


def _index(groups: tuple[frozenset[str], ...]) -> dict[str, frozenset[str]]:
    """Return with each form all the others that it shares a group with."""
    found: dict[str, frozenset[str]] = {}
    for forms in groups:
        for form in forms:
            found[form] = found.get(form, frozenset()) | forms
    return found


_OFFICIAL_OF = _index(_OFFICIAL)
_FAMILIAR_OF = _index(_FAMILIAR)


def one_name(first: str, second: str) -> bool:
    """Whether two given names, in letters from a to z, are official forms of one."""
    return second in _OFFICIAL_OF.get(first, ())


def familiar(first: str, second: str) -> bool:
    """Whether one of two given names is what people called by the other are called."""
    return second in _FAMILIAR_OF.get(first, ())
