"""Informers, lists, and the Snapshot made of them."""
