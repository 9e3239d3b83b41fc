"""kubectl's flags for access to a cluster, as data."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_cafe.hints import argument


class AccessFlags(NamedTuple):
    """The flags that select the API server, the user and the namespace; None or empty: not given.

    `request_timeout` is in seconds. `as_user_extra` are (key, value) pairs; a key may have several.
    Files are relative to the working directory.
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

    def typed(self) -> str:
        """The given flags that select the cluster and the user, quoted for a shell; "": none.

        They lack the namespace, which each hint adds itself, and flags with credentials.
        """
        given = [(flag, getattr(self, field)) for flag, field in _SHOWN.items()]
        words = [(flag, str(value)) for flag, value in given if value]
        words += [("--as-group", group) for group in self.as_groups]
        words += [("--as-user-extra", f"{key}={value}") for key, value in self.as_user_extra]
        if self.insecure_skip_tls_verify:
            words.append(("--insecure-skip-tls-verify", ""))
        if not words:
            return ""
        return " ".join(f"{flag} {argument(value)}" if value else flag for flag, value in words)


_SHOWN = {
    "--context": "context",
    "--kubeconfig": "kubeconfig",
    "--cluster": "cluster",
    "--user": "user",
    "--server": "server",
    "--tls-server-name": "tls_server_name",
    "--certificate-authority": "certificate_authority",
    "--client-certificate": "client_certificate",
    "--client-key": "client_key",
    "--as": "as_user",
    "--as-uid": "as_uid",
}
"""The flags of `typed` with one value, and their fields."""
