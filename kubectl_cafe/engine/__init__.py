"""Observe, decide, act: the loop that carries a release (protocol 10)."""
