"""What the gateway holds of a person, how long, and how it is shown and deleted."""

__all__: list[str] = []
