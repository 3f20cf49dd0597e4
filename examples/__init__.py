"""Simulators and examples around the gateway. None of this belongs on a machine that serves students."""
