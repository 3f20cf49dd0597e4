"""Records come home: the pages that only the person who logged in sees."""

from __future__ import annotations

from flask import Blueprint

from emrex_gateway.web import _context

importing_pages = Blueprint("importing", __name__)
importing_pages.before_request(_context.require_session)
