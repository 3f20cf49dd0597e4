"""Made-up entities of a made-up federation."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from emrex_gateway.domain import Entity, Federation, Role, Texts, texts
from stores import NOW

WEEK = NOW + timedelta(days=7)


def federation(slug: str = "haka", **more: Any) -> Federation:
    """A federation that is switched on."""
    values: dict[str, Any] = {
        "names": texts(en=f"The {slug} federation"),
        "url": f"https://{slug}.example.org/metadata.xml",
        "certificates": (f"file:/nowhere/{slug}.pem",),
    }
    return Federation(slug=slug, **{**values, **more})


def entity(
    name: str = "Example University",
    *,
    host: str = "",
    federation: str = "haka",
    names: Texts = (),
    valid_until: datetime = WEEK,
    **more: Any,
) -> Entity:
    """An identity provider with an English name, unless ``names`` says otherwise."""
    host = host or f"idp-{hashlib.sha256(name.encode()).hexdigest()[:8]}.example.org"
    content = more.pop("descriptor", f"<EntityDescriptor of={host!r}/>".encode())
    values: dict[str, Any] = {
        "entity_id": f"https://{host}/idp",
        "roles": frozenset({Role.IDP}),
        "digest": hashlib.sha256(content + name.encode()).hexdigest(),
        "descriptor": content,
    }
    return Entity(
        federation=federation,
        names=names or texts(en=name),
        valid_until=valid_until,
        **{**values, **more},
    )


def service(host: str = "sp.example.org", **more: Any) -> Entity:
    """A service provider: no descriptor is kept of it."""
    return entity("A service", host=host, roles=frozenset({Role.SP}), descriptor=b"", **more)
