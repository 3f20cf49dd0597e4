"""The pages of a data access point: a view parses, calls one use case, renders."""

from emrex_gateway.web._button import button_loader
from emrex_gateway.web._context import Host
from emrex_gateway.web._error_words import error_words
from emrex_gateway.web._register import register
from emrex_gateway.web._sentences import sentence

__all__ = ["Host", "button_loader", "error_words", "register", "sentence"]
