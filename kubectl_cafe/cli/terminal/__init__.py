"""Terminals, streams and signals: what is shown, asked, and typed."""
