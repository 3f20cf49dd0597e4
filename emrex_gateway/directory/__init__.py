"""The providers of the network, as the registries list them and as an institution wants them."""
