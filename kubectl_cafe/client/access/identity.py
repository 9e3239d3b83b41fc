"""Names of the current user, this machine and this process."""

from __future__ import annotations

import os
import secrets
import socket

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport


def whoami(transport: Transport) -> str:
    """The user name by the server's SelfSubjectReview, never the local user's (protocol 4)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = transport.create(paths.selfsubjectreviews(), review, needs_lease=False)
    return str(answer["status"]["userInfo"]["username"])


def here() -> str:
    """This machine's host name, as valid text."""
    return socket.gethostname().encode(errors="replace").decode()


def process(who: str) -> str:
    """The holder of a Lease for this process: `who` on HOST, pid N, and a unique suffix."""
    return f"{who} on {here()}, pid {os.getpid()} [{secrets.token_hex(3)}]"
