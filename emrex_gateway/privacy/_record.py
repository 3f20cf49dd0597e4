"""The record of processing activities (GDPR, Article 30), made from what is configured.

It says what this software does with people's data and with whose settings. What
only the controller can know (the legal basis, a representative, agreements with
processors) is named as open. Texts come through the caller's translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from emrex_gateway.privacy import _activities
from emrex_gateway.privacy._facts import Activity, Facts, Translate
from emrex_gateway.privacy._import_activity import imports
from emrex_gateway.privacy._sharing_activity import sharing
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """An institution's record. ``general`` concerns every activity."""

    institution: str
    title: str
    made_at: datetime
    general: Activity
    activities: tuple[Activity, ...]


def register(services: Services, slug: str, language: str, _: Translate) -> Register:
    """Make an institution's record. Raises ``ConfigError`` for an unknown one."""
    with services.store.read() as uow:
        institution = uow.config.institution(slug)
        facts = Facts(
            settings=services.settings,
            institution=institution,
            points=tuple(p for p in uow.config.access_points() if p.institution == slug),
            adapters=tuple(b for b in uow.config.bindings(slug) if b.enabled),
            logins=tuple(
                m for m in uow.config.login_methods(slug) if m.enabled and not m.for_administrators
            ),
            language=language,
        )
    return Register(
        institution=slug,
        title=_(
            "Record of processing activities: %(name)s",
            name=facts.best(institution.names) or slug,
        ),
        made_at=services.clock(),
        general=_activities.general(facts, _),
        activities=(
            _activities.transfers(facts, _),
            *((imports(facts, _),) if institution.client else ()),
            *((sharing(facts, _),) if services.settings.share_lifetime else ()),
            _activities.logins(facts, _),
            _activities.checks(_),
            _activities.support(facts, _),
            _activities.trail(facts, _),
            _activities.administrators(facts, _),
        ),
    )


def register_markdown(record: Register, _: Translate) -> str:
    """Return the record as Markdown, for a folder of documents."""
    made = record.made_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"# {_plain(record.title)}",
        "",
        _("Made from the settings on %(when)s.", when=made),
        "",
    ]
    for activity in (record.general, *record.activities):
        lines += [f"## {_plain(activity.title)}", ""]
        for label, values in activity.rows:
            lines += [f"**{_plain(label)}**", "", *(f"- {_plain(v)}" for v in values), ""]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """One line that Markdown shows as it is."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in line)
