"""What goes wrong while an archive is built."""

from __future__ import annotations


class BundleError(Exception):
    """What and why, in words for whoever builds; the next command where there is one."""
