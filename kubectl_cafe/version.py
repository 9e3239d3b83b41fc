"""The one place that says which version this is (semantic versioning, without the `v`)."""

from __future__ import annotations

VERSION = "0.1.0"
