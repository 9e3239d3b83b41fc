"""Finds and repairs problems around a release that no driver repairs."""
