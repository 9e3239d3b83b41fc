"""kubectl's flags for reaching a cluster, as data; loads nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessFlags:
    """Which API server to speak to, as whom, and where; None or empty is the kubeconfig's choice.

    `request_timeout` is in seconds, None for no limit of the caller's. `as_user_extra` are
    (key, value) pairs, a key may have several. Files are relative to the working directory.
    """

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    cluster: str | None = None
    user: str | None = None
    server: str | None = None
    tls_server_name: str | None = None
    certificate_authority: str | None = None
    insecure_skip_tls_verify: bool = False
    token: str | None = None
    username: str | None = None
    password: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None
    as_user_extra: tuple[tuple[str, str], ...] = ()
    request_timeout: float | None = None
    verbosity: int = 0
