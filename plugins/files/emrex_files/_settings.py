"""What an administrator sets: where the files go, and who may read them."""

from __future__ import annotations

from dataclasses import dataclass, field

from emrex_gateway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSettings:
    """One directory. Raises ``ConfigError`` for values that cannot work, naming the setting."""

    directory: str = field(
        metadata={
            "label": {"en": "Directory", "fi": "Hakemisto", "sv": "Katalog"},
            "help": {
                "en": "Absolute path of an existing directory that the fetching worker may write "
                "to. Each import becomes a folder in it.",
                "fi": "Olemassa olevan hakemiston absoluuttinen polku; hakevan työprosessin on "
                "voitava kirjoittaa sinne. Jokaisesta tuonnista tulee siihen kansio.",
                "sv": "Absolut sökväg till en befintlig katalog som den hämtande arbetsprocessen "
                "får skriva i. Varje import blir en mapp i den.",
            },
        }
    )
    group_readable: bool = field(
        default=False,
        metadata={
            "label": {
                "en": "The group may read",
                "fi": "Ryhmä saa lukea",
                "sv": "Gruppen får läsa",
            },
            "help": {
                "en": "Files can be read, and decisions put beside them, by the directory's group; "
                "otherwise by the worker's own user only.",
                "fi": "Hakemiston ryhmä voi lukea tiedostot ja lisätä päätökset niiden viereen; "
                "muuten vain työprosessin oma käyttäjä.",
                "sv": "Katalogens grupp kan läsa filerna och lägga beslut bredvid dem; annars bara "
                "arbetsprocessens egen användare.",
            },
        },
    )
    webhook_secret: str = field(
        default="",
        repr=False,
        metadata={
            "secret": True,
            "label": {
                "en": "Secret of the system's messages",
                "fi": "Viestien salaisuus",
                "sv": "Meddelandenas hemlighet",
            },
            "help": {
                "en": "With what the system signs its messages that something was decided "
                "(docs/recognition.md). Empty: it sends none, and the folders are looked at now "
                "and then.",
                "fi": "Millä järjestelmä allekirjoittaa ilmoituksensa päätöksistä "
                "(docs/recognition.md). Tyhjä: se ei ilmoita, vaan kansiot katsotaan ajoittain.",
                "sv": "Med vad systemet undertecknar sina meddelanden om beslut "
                "(docs/recognition.md). Tomt: det skickar inga, och mapparna gås igenom då och då.",
            },
        },
    )

    def __post_init__(self) -> None:
        if not self.directory.startswith("/") or "\0" in self.directory:
            raise ConfigError("directory must be an absolute path", "directory")
