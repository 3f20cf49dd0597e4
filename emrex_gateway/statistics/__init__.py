"""What the network's members report: counts by month, nobody recognisable in them."""

__all__: list[str] = []
