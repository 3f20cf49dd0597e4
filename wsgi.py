"""The stand-alone gateway for a WSGI server: ``gunicorn wsgi:app``."""

from emrex_gateway import create_app

app = create_app()
