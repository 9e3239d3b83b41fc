"""What the tests of a driver share."""

from __future__ import annotations

import pytest

from kubectl_cafe.client.transport import SessionTransport, Transport


@pytest.fixture
def transport(transport: Transport) -> SessionTransport:
    """As a driver has it: a session's, whose lease is not lost."""
    return transport.session(lambda: None)
