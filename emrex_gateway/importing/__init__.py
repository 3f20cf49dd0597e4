"""Records come home: fetching them from a provider, checking them, handing them over."""
