"""The audit trail as a chain: numbered, linked by digests, its head signed outside the database."""

__all__: list[str] = []
