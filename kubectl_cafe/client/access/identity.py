"""Names of the current user, this machine and this process."""

from __future__ import annotations

import os
import secrets
import socket

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport


def whoami(transport: Transport) -> str:
    """The user name from a SelfSubjectReview, not that of the operating system (protocol 4)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = transport.create(paths.selfsubjectreviews(), review, needs_lease=False)
    return str(answer["status"]["userInfo"]["username"])


def here() -> str:
    """This machine's host name; invalid characters are replaced."""
    return socket.gethostname().encode(errors="replace").decode()


def process(who: str) -> str:
    """The holderIdentity of this process: `WHO on HOST, pid N [SUFFIX]`; the suffix is random."""
    return f"{who} on {here()}, pid {os.getpid()} [{secrets.token_hex(3)}]"
