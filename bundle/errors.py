"""The error of a failed build of the archive."""

from __future__ import annotations


class BundleError(Exception):
    """A step of the build failed; the message names the step, the cause and the next command."""
