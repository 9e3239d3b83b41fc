"""The version of the plugin, defined here alone (semantic versioning, without the `v`)."""

from __future__ import annotations

VERSION = "0.2.0"
