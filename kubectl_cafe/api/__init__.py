"""Typed views of API objects (protocol 2)."""
