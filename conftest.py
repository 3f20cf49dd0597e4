"""Loads the ``needs`` marker for the gateway's tests and the plugins' alike."""

pytest_plugins = ["emrex_needs"]
