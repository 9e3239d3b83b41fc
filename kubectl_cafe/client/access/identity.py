"""Who the API server takes us for, and where we are."""

from __future__ import annotations

import socket

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport


def whoami(transport: Transport) -> str:
    """The user name by the server's SelfSubjectReview, never a local one (protocol 4)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = transport.create(paths.selfsubjectreviews(), review, guarded=False)
    return str(answer["status"]["userInfo"]["username"])


def here() -> str:
    """This machine's name, as the holder of a lease begins with it; always text."""
    return socket.gethostname().encode(errors="replace").decode()
