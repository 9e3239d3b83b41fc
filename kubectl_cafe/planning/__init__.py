"""Compute what a release or a rollback would do, before any write. Pure (protocol 3, 7)."""
