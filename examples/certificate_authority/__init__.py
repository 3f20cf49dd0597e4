"""A simulator: a certificate authority that signs whatever request is pasted into its page.

A real one first finds out who asks. For the demonstration and tests only;
nobody outside trusts what it issues.
"""

from examples.certificate_authority._app import make_app
from examples.certificate_authority._authority import Authority, RequestProblem

__all__ = ["Authority", "RequestProblem", "make_app"]
