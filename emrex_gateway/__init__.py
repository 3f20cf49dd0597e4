"""EMREX gateway: students carry their study records from one university to another themselves.

``EmrexGateway`` embeds the gateway into a Flask application; ``create_app``
makes it an application of its own; ``HostAdministrator`` is what a host's
check of administrators returns. They are imported when first used, so that
plugins can import the domain without Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emrex_gateway.domain import HostAdministrator
    from emrex_gateway.extension import EmrexGateway
    from emrex_gateway.factory import create_app

__version__ = "0.1.0"
__all__ = ["EmrexGateway", "HostAdministrator", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "EmrexGateway":
        from emrex_gateway.extension import EmrexGateway  # noqa: PLC0415 - see the docstring

        return EmrexGateway
    if name == "HostAdministrator":
        from emrex_gateway.domain import HostAdministrator  # noqa: PLC0415 - see the docstring

        return HostAdministrator
    if name == "create_app":
        from emrex_gateway.factory import create_app  # noqa: PLC0415 - see the docstring

        return create_app
    raise AttributeError(name)
