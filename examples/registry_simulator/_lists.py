"""Serves both lists, with a tag by which a reader is told that nothing has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request

from examples.registry_simulator._write import Listed, catalogue, emreg

EMREG_PATH = "/emreg/list"
CATALOGUE_PATH = "/ewp/catalogue-v1.xml"


def lists(listed: Callable[[], Sequence[Listed]]) -> Blueprint:
    """Return the blueprint; ``listed`` is asked at each request."""
    blueprint = Blueprint("registries", __name__)

    @blueprint.get(EMREG_PATH)
    def emreg_list() -> Response:
        return _answer(emreg(listed()), "application/json")

    @blueprint.get(CATALOGUE_PATH)
    def ewp_catalogue() -> Response:
        return _answer(catalogue(listed()), "application/xml")

    return blueprint


def _answer(content: bytes, media_type: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


__all__ = ["CATALOGUE_PATH", "EMREG_PATH", "Listed", "lists"]
