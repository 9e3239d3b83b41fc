"""The fixtures of the cases on the control plane, for what dies in the middle of them."""

from __future__ import annotations

from tests.integration.conftest import installed

__all__ = ["installed"]
