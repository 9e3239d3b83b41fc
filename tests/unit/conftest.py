"""The stub server, the clock and the transport of the cluster's tests, for what does I/O here."""

from __future__ import annotations

from tests.unit.client.conftest import clock, connect, kubeconfig, stub, transport

__all__ = ["clock", "connect", "kubeconfig", "stub", "transport"]
