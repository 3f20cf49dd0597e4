"""Between login and signature: the pages that only the person who logged in sees."""

from __future__ import annotations

from flask import Blueprint

from emrex_gateway.web import _context

student = Blueprint("student", __name__)
student.before_request(_context.require_session)
