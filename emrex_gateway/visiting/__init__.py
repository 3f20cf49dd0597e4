"""Logins that belong to no transfer: an administrator's, and a student's who asks what is held of them."""

__all__: list[str] = []
