"""Loads what the gateway's tests and the plugins' share: the ``needs`` marker, servers of the tests' own."""

pytest_plugins = [
    "compiled_once",
    "emrex_hypothesis",
    "emrex_needs",
    "postgres",
    "database_notes",
    "databases",
    "redis_server",
]
