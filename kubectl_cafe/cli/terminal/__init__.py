"""Terminals, streams and signals: output, questions, and typed input."""
