"""Who the API server takes us for, where we are, and how a process is named."""

from __future__ import annotations

import os
import secrets
import socket

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport


def whoami(transport: Transport) -> str:
    """The user name by the server's SelfSubjectReview, never a local one (protocol 4)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = transport.create(paths.selfsubjectreviews(), review, guarded=False)
    return str(answer["status"]["userInfo"]["username"])


def here() -> str:
    """This machine's name; always text."""
    return socket.gethostname().encode(errors="replace").decode()


def process(who: str) -> str:
    """The name of this process of `who` in a Lease: USER on HOST, pid N, and what is unique."""
    return f"{who} on {here()}, pid {os.getpid()} [{secrets.token_hex(3)}]"
