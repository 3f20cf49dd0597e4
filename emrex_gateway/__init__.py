"""EMREX gateway: a data access point and client for student-controlled transfer of study records."""

__version__ = "0.1.0"
