"""The stub server, the clock and the transport of the cluster's tests, for what does I/O here."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.unit.client.conftest import clock, connect, kubeconfig, stub, transport

__all__ = ["clock", "connect", "kubeconfig", "stub", "transport"]

# A busy machine makes no test red: no example has a deadline, and none is too slow to be made.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
