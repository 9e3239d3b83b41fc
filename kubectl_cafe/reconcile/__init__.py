"""Decide what a driver does now, from one snapshot: pure functions (protocol 7, 10)."""
