"""Chosen records for a third party, by a link that alone can open them."""
