"""Puts the pages into an application."""

from __future__ import annotations

from flask import Flask

from emrex_gateway import exporting
from emrex_gateway.domain import logo_key
from emrex_gateway.services import Services
from emrex_gateway.web import (  # noqa: F401 - their views hang on the blueprint `student`
    _assets,
    _choose,
    _clients,
    _colours,
    _compress,
    _consent,
    _details,
    _draft,
    _errors,
    _failures,
    _figures,
    _headers,
    _import_entry,
    _import_review,
    _import_state,
    _import_where,
    _languages,
    _limits,
    _maintenance,
    _my_decision,
    _my_shares,
    _observe,
    _progress,
    _rows,
    _steps,
    admin,
)
from emrex_gateway.web._accessibility import accessibility
from emrex_gateway.web._context import EXTENSION, Context, Host, form_token, is_logged_in, let_go
from emrex_gateway.web._entry import entry
from emrex_gateway.web._finding import finding
from emrex_gateway.web._finish import finish
from emrex_gateway.web._health import health
from emrex_gateway.web._import_reply import import_reply
from emrex_gateway.web._importing import importing_pages
from emrex_gateway.web._login import login
from emrex_gateway.web._logout import logout
from emrex_gateway.web._my_data import own
from emrex_gateway.web._recognition import recognition
from emrex_gateway.web._registry import registry
from emrex_gateway.web._share import share
from emrex_gateway.web._shared import shared
from emrex_gateway.web._sp import sp
from emrex_gateway.web._student import student
from emrex_gateway.web._verify import verification
from emrex_gateway.web._verify_api import verify_api


def register(app: Flask, services: Services, host: Host | None) -> None:
    """Add the data access point's pages, languages, headers, limits and error pages to ``app``."""
    app.extensions[EXTENSION] = Context(services, host)
    _observe.init(app)
    _languages.init(app, services.settings)
    _assets.init(app)
    _limits.init(app, services.settings.entry_limit)
    for blueprint in (health, entry, login, finding, student, finish, logout, sp, registry, own):
        app.register_blueprint(blueprint)
    app.register_blueprint(importing_pages)
    app.register_blueprint(import_reply)
    app.register_blueprint(recognition)
    app.register_blueprint(share)
    app.register_blueprint(shared)
    app.register_blueprint(_colours.colours)
    app.register_blueprint(accessibility)
    app.register_blueprint(verification)
    app.register_blueprint(verify_api)
    admin.init(app)
    _maintenance.init(app)
    _errors.init(app)
    app.after_request(_languages.remember)
    app.after_request(let_go)
    app.after_request(_compress.apply)
    app.after_request(_headers.apply)
    app.jinja_env.globals.update(
        best=_languages.best,
        shown_in=_languages.shown_in,
        logo_key=logo_key,
        day=_languages.day,
        moment=_languages.moment,
        time_zone=services.settings.time_zone,
        number=_languages.number,
        count=_languages.count,
        page_language=_languages.tag,
        page_direction=_languages.direction,
        language_name=_languages.name_of,
        worded=_languages.worded,
        said=_languages.said,
        lang_of=_languages.lang_of,
        nonce=_headers.nonce,
        asset=_assets.asset,
        talks_home=_headers.talks_home,
        form_token=form_token,
        is_logged_in=is_logged_in,
        explain_failure=_failures.explain,
        country_name=_clients.country_name,
        page_institution=_steps.page_institution,
        page_transfer=_steps.page_transfer,
        page_step=_steps.page_step,
        page_labels=_steps.page_labels,
        colours_address=_colours.address,
        same_page=_steps.same_page,
        languages=services.settings.languages,
        figures_of=_figures.figures,
        flat=_rows.flat,
        issuer_details=_details.of_issuer,
        node_details=_details.of_node,
        cancellable=exporting.CANCELLABLE,
        demo=services.settings.demo,
    )
