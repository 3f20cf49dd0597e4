"""An institution's SAML service provider, as its federation sees it: metadata and logout.

The address for answers to logins is in ``_login``: it ends like any other login.
"""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.errors import LoginError, LogoutError
from emrex_gateway.login import SamlLogin, our_metadata
from emrex_gateway.web import _headers
from emrex_gateway.web._context import services, single
from emrex_gateway.web._logout import refuse

sp = Blueprint("sp", __name__)

_METADATA_SECONDS = 3600


@sp.get("/sp/<institution>/metadata")
def metadata(institution: str) -> Response:
    """The institution's own metadata, signed; the address is also its entity id."""
    made = services()
    with made.store.read() as uow:
        if uow.config.service_provider(institution) is None:
            raise NotFound
    document = our_metadata(made.settings, made.secrets, made.store, institution, made.clock())
    _headers.public(_METADATA_SECONDS, "default-src 'none'")
    return Response(document, mimetype="application/samlmetadata+xml")


@sp.route("/sp/<institution>/slo", methods=["GET", "POST"])
def slo(institution: str) -> Response:
    """A provider's LogoutRequest, or its answer to ours (SAML profiles, section 4.4).

    A request is trusted by its signature alone: the browser that brings it has
    no cookie of ours here, and needs none.
    """
    login = services().logins.get("saml")
    if not isinstance(login, SamlLogin):
        raise NotFound
    arrived = single(request.form if request.method == "POST" else request.args)
    try:
        if "SAMLResponse" in arrived:
            return _answered(login, institution)
        return _asked(login, institution)
    except LoginError as error:
        refuse(error)
        raise LogoutError("a provider's logout was refused", error.reason) from error


def _asked(login: SamlLogin, institution: str) -> Response:
    """End the sessions that the request means, then tell the provider."""
    wanted = login.accept_logout(
        institution,
        method=request.method,
        query=request.query_string,
        form=request.form.to_dict(),
    )
    exporting.end_by_provider(services(), *wanted.notices)
    if not wanted.answer_url:
        return Response(status=204)
    return redirect(wanted.answer_url, code=303)


def _answered(login: SamlLogin, institution: str) -> Response:
    """Go on at the transfer's own address, where its cookie says whose page it is."""
    answer = login.logout_answer(
        institution,
        method=request.method,
        query=request.query_string,
        form=request.form.to_dict(),
    )
    slug = exporting.logout_place(services(), institution, answer.state)
    partial = None if answer.complete else "1"
    address = url_for("logout.returned", slug=slug, state=answer.state, partial=partial)
    return redirect(address, code=303)
