"""The one way from XML to an identity: a strict SAML 2.0 service provider (SAML2Int 2.0).

libxmlsec does the cryptography; this package checks the shape before it runs
and reads only the bytes that were digested. Nothing else in the gateway reads
SAML messages. See ``docs/decisions/0012-saml.md``.
"""
