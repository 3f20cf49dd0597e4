"""Which traditions two names show: evidence that their spellings may differ, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emrex_gateway.matching._listed import listed
from emrex_gateway.matching._sounds import Tradition
from emrex_gateway.matching._tokens import Script, Token

_BY_SCRIPT: dict[Script, tuple[Tradition, ...]] = {
    Script.CYRILLIC: (Tradition.CYRILLIC,),
    Script.GREEK: (Tradition.GREEK,),
    Script.ABJAD: (Tradition.ARABIC,),
    Script.HAN: (Tradition.CHINESE, Tradition.JAPANESE),
    Script.KANA: (Tradition.JAPANESE,),
    Script.HANGUL: (Tradition.KOREAN,),
    Script.INDIC: (Tradition.INDIC,),
}
_BY_COUNTRY = {
    **dict.fromkeys(listed("RU UA BY BG RS MK KZ KG MN TJ"), Tradition.CYRILLIC),
    **dict.fromkeys(listed("GR CY"), Tradition.GREEK),
    **dict.fromkeys(
        listed("EG MA DZ TN LY SD SA AE QA KW BH OM YE JO SY LB IQ PS IR AF PK"), Tradition.ARABIC
    ),
    **dict.fromkeys(listed("CN TW HK SG MO"), Tradition.CHINESE),
    "JP": Tradition.JAPANESE,
    **dict.fromkeys(listed("KR KP"), Tradition.KOREAN),
    **dict.fromkeys(listed("IN NP LK BD"), Tradition.INDIC),
    "VN": Tradition.VIETNAMESE,
}

# The ends of family names that hardly occur elsewhere.
_ENDINGS = {
    Tradition.CYRILLIC: re.compile(
        r".{2}([oe]v|[jy]o[vw]|[knrpdl]off|(?<!nu)[oe]va|sk(ii|iy|y|yi|yy|ij|aya|aia|aja)|enko|chko"
        r"|(ch|cz|sh|tsch|i|y|j)uk|vich|vych|vitch)$"
    ),
    Tradition.GREEK: re.compile(
        r".{2}(opoulos|opoulou|id[ie]s|idou|[aei]ak[ie]s|akis|(?<![sz])aki|atos|oglou|iad[ie]s|iadou"
        r"|oudis|atzis|annis|ellis|antis)$"
    ),
}
# Names with such an end that were always in Latin letters: Finnish -mäki, Danish -skov, and some more.
_ALWAYS_LATIN = re.compile(
    r".*(maki|skov)|olov|detlev|zdenko|genoveva|sunneva|(casa|ca|vil+a|terra|ge)nova|cordova|cueva"
    r"|nieva|pataki|lakatos|benavides|alcides|aristides"
)

# Spellings that nobody has whose name was always in Latin letters; Julia would be none.
_NAMES: dict[Tradition, frozenset[str]] = {
    Tradition.CYRILLIC: listed(
        """
        yulia yuliya yuliia iuliia jewgenij jewgenija sergei sergey sergii serhii serhiy dmitry dmitrii
        dmitriy dmitrij dmytro evgeny evgeniy evgenii evgeni evgeniya evgeniia yevgeny yevgeniy yevgeniya
        yevhen yevheniia aleksandr aleksey aleksei alexey alexei oleksandr oleksandra oleksii oleksiy
        andrey andrii andriy andrij mikhail mykhailo nikolay mykola vasily vasiliy vasilii vasyl
        grigory grigoriy grigorii hryhorii yury yuriy yurii iurii yaroslav vyacheslav viacheslav
        lyudmila liudmyla lyubov liubov svetlana svitlana oksana kseniya kseniia ekaterina yekaterina
        kateryna anastasiya anastasiia nataliya nataliia natalya tatyana tetiana iryna olha
        volodymyr mariya mariia darya dariya zhanna yegor artyom semyon fyodor pyotr
        stoyan stojan yordan tsvetelina hristo georgi krasimir desislava tsvetan zhivko plamen
        """
    ),
    Tradition.GREEK: listed(
        """
        georgios giorgos ioannis yannis giannis dimitrios dimitris konstantinos nikolaos panagiotis
        vasileios vasilis athanasios evangelos spyridon spyros theodoros eleni vasiliki aikaterini
        dimitra konstantina chrysoula panagiota evangelia eirini paraskevi stavroula charalampos
        """
    ),
    Tradition.ARABIC: listed(
        """
        mohamed mohammed mohammad muhammad muhammed ahmed ahmad mahmoud mahmud hassan hasan hussein
        hussain husayn omar umar othman khaled khalid tarek tariq tareq yousef yusuf youssef ibrahim
        ismail fatima fatma aisha khadija zainab zeinab mustafa abdullah hamza bilal rashid saleh salim
        karim rahim jamal kamal nasser mansour mansur haddad khalil sayed masri faisal zaki farouk
        hanane imane rachid samira ali
        """
    ),
    Tradition.INDIC: listed(
        """
        sharma verma gupta singh kumar patel reddy iyer iyengar nair pillai mukherjee banerjee
        chatterjee ghosh agarwal aggarwal choudhary chaudhari chaudhary joshi mishra pandey tiwari
        yadav mehta desai kulkarni deshmukh krishnan lakshmi laxmi priya rahul rohit amit anil sanjay
        vijay deepak sunita kavita neha nisha anjali pooja puja devi kaur prasad chandra bhatt trivedi
        saxena srivastava kapoor malhotra chopra venkatesh ramaswamy subramanian
        """
    ),
}


CHINESE_FAMILIES = listed(
    "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang "
    "xie song tang deng han feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei "
    "su lu ding ren lyu shen yao cui zhong tan jin shi liao jia xia fu fang zou xiong bai meng qin "
    "qiu hou jiang yin xue yan lei long duan tao shao qian ouyang situ zhuge chang hsieh hsu tsai "
    "chou cheung wong chan"
)
KOREAN_FAMILIES = listed(
    "kim gim lee yi rhee park pak bak choi choe jung jeong chung kang gang cho jo yoon yun jang chang "
    "lim im rim han oh seo suh shin sin kwon gwon hwang ahn an song yoo yu ryu hong jeon jun ko go "
    "moon mun son yang bae paik baek baik heo huh nam noh roh ha kwak sung seong woo"
)
VIETNAMESE_FAMILIES = listed(
    "nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh truong mai trinh "
    "dao lam luong cao ta chau quach"
)
JAPANESE_FAMILIES = listed(
    "sato suzuki takahashi tanaka ito watanabe yamamoto nakamura kobayashi kato yoshida yamada sasaki "
    "yamaguchi matsumoto inoue kimura hayashi saito shimizu yamazaki mori abe ikeda hashimoto ishikawa "
    "ogawa maeda okada hasegawa fujita goto kondo murakami endo aoki sakamoto fukuda ota nishimura "
    "fujii miura fujiwara okamoto matsuda nakagawa nakano harada ono tamura takeuchi kaneko wada "
    "nakayama ishida ueda morita hara shibata sakai kudo yokoyama miyazaki uchida takagi ando ohno "
    "ohta maruyama imai takada fujimoto takeda murata ueno sugiyama masuda koyama hirano otsuka "
    "kojima chiba iwasaki kubo matsui noguchi kinoshita sugawara huzii huzita huziwara"
)
# Syllables as each language writes them: a family name counts only in a name that is all of them.
_JAPANESE = re.compile(
    r"(?:(?:[kgsztdnhbpmyrwfj]|sh|ch|ts|[kgsztnhbpmr]y|jy)?[aiueo]h?|n(?![aiueo])|[tksp](?=[tksp])){1,9}"
)
_CHINESE = re.compile(
    r"(?:(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh|hs|ts|tz)?(?:[aeiou]{1,3}|yu)(?:ng|n|r|h)?){1,3}"
)
_KOREAN = re.compile(
    r"(?:(?:[gkndtlrmbpsjch]|ch|sh|kw|gw|hw)?[yw]?[aeiou]{1,3}(?:ng|n|m|l|k|g|p|b|t|h|rk)?){1,3}"
)
_ARTICLES = listed("al el abd bin ibn bint abu")
_VIETNAMESE_MARKS = re.compile("[đơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")


def traditions(
    first: Iterable[Token], second: Iterable[Token], countries: Iterable[str | None] = ()
) -> frozenset[Tradition]:
    """Return the traditions of two people's names, by script, words, and citizenships."""
    found = {_BY_COUNTRY[country] for country in countries if country in _BY_COUNTRY}
    ours, theirs = tuple(first), tuple(second)
    for part in (*ours, *theirs):
        found.update(_BY_SCRIPT.get(part.script, ()))
        if part.text in _ARTICLES or part.plain.startswith("abd"):
            found.add(Tradition.ARABIC)
        if _ALWAYS_LATIN.fullmatch(part.plain) is None:
            found.update(each for each, end in _ENDINGS.items() if end.search(part.plain))
        found.update(tradition for tradition, names in _NAMES.items() if part.plain in names)
    words = (*ours, *theirs)
    czech = any(part.text.endswith(("ová", "ský")) for part in words)
    if czech and all(part.script is Script.LATIN for part in words):
        found.discard(Tradition.CYRILLIC)  # Czech and Slovak were always in Latin letters
    for words in (ours, theirs):
        found.update(_eastern(words))
    if all(Tradition.VIETNAMESE in _eastern(words) for words in (ours, theirs)):
        found.add(Tradition.MARKED)
    return frozenset(found)


_EASTERN = (
    (Tradition.CHINESE, CHINESE_FAMILIES, _CHINESE),
    (Tradition.KOREAN, KOREAN_FAMILIES, _KOREAN),
    (Tradition.JAPANESE, JAPANESE_FAMILIES, _JAPANESE),
)


def _eastern(words: tuple[Token, ...]) -> set[Tradition]:
    plain = [part.plain for part in words]
    every = {spelling for part in words for spelling in part.spellings}
    found = {
        tradition
        for tradition, families, syllables in _EASTERN
        if every & families and all(syllables.fullmatch(word) for word in plain)
    }
    if every & VIETNAMESE_FAMILIES and any(_VIETNAMESE_MARKS.search(part.text) for part in words):
        found.add(Tradition.VIETNAMESE)
    return found
