"""Releases whose writes are recorded, so that a change of the code's layout can be held to them."""
