"""Resolves flags, files and environment to an API server and the credentials for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from kubectl_cafe.client.access import fields, login
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.access.kubeconfig import (
    Chosen,
    Kubeconfig,
    choose,
    files,
    merge,
    overridden,
)
from kubectl_cafe.client.errors import AccessError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""The folder of a pod's service account, with its token, CA and namespace."""
_HEADER_NAME = "!#$&'*+-.^_`|~"
"""Characters that a header's name may have besides letters and digits."""


class Access(Struct, frozen=True):
    """The API server's address, and where its credentials are found.

    `context` is "" inside a cluster. `headers` are sent with every request (impersonation).
    `request_timeout` is in seconds. `connect` reads the credentials that `chosen` names.
    """

    context: str
    namespace: str
    headers: tuple[tuple[str, str], ...]
    request_timeout: float | None
    chosen: Chosen

    @property
    def server(self) -> str:
        """The address of the API server, without a slash at its end."""
        return login.address(self.chosen)

    def connect(self, connections: int) -> login.Client:
        """A client with fresh credentials that keeps up to `connections` open.

        Runs exec plugins and reads token files at each call; raises AccessError.
        """
        return login.client(self.chosen, connections)


def load(
    flags: AccessFlags | None = None,
    environ: Mapping[str, str] = os.environ,
    account: Path = ACCOUNT,
) -> Access:
    """Resolve flags, kubeconfig and environment, or the pod's service account, as kubectl does.

    Reads files and runs no plugin; raises AccessError.
    """
    flags = flags or AccessFlags()
    paths = files(flags.kubeconfig, environ)
    config = merge(paths)
    if config.clusters or config.contexts or flags.server:
        chosen = choose(config, flags)
    elif environ.get("KUBERNETES_SERVICE_HOST") and not flags.kubeconfig:
        chosen = overridden(_in_cluster(flags, environ, account), flags)
    else:
        raise _nothing_found(paths, environ)
    return Access(
        context=chosen.context,
        namespace=chosen.namespace,
        headers=_impersonation(chosen.user, flags),
        request_timeout=flags.request_timeout,
        chosen=chosen,
    )


def _in_cluster(flags: AccessFlags, environ: Mapping[str, str], account: Path) -> Chosen:
    """The pod's service account, which kubectl uses without a kubeconfig."""
    if not (account / "token").is_file():
        raise AccessError(
            "this pod has no token of a service account, and there is no kubeconfig",
            where=str(account / "token"),
            hint="set automountServiceAccountToken in its spec, or pass --kubeconfig FILE",
        )
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    own = account / "namespace"
    space = flags.namespace or environ.get("POD_NAMESPACE")
    return Chosen(
        context="",
        namespace=space
        or (own.read_text(encoding="utf-8").strip() if own.is_file() else "")
        or "default",
        cluster={
            "server": f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            "certificate-authority": str(account / "ca.crt"),
        },
        user={"tokenFile": str(account / "token")},
        user_name="the pod's service account",
        home="",
    )


def _nothing_found(paths: list[Path], environ: Mapping[str, str]) -> AccessError:
    looked = [str(path) for path in paths] or [environ.get("KUBECONFIG") or "~/.kube/config"]
    return AccessError(
        "no kubeconfig with a cluster in it was found",
        where=", ".join(looked),
        hint="pass --kubeconfig FILE, or set KUBECONFIG",
    )


def _impersonation(user: Mapping[str, Any], flags: AccessFlags) -> tuple[tuple[str, str], ...]:
    """The impersonation headers; each `--as` flag overrides its field of the kubeconfig."""
    name = flags.as_user or str(user.get("as") or "")
    groups = flags.as_groups or tuple(user.get("as-groups") or ())
    uid = flags.as_uid or str(user.get("as-uid") or "")
    extra: dict[str, list[str]] = dict(user.get("as-user-extra") or {})
    for key in dict(flags.as_user_extra):
        extra[key] = [value for own, value in flags.as_user_extra if own == key]
    if not name:
        if groups or uid or extra:
            raise AccessError(
                "groups, a uid or extras can't be impersonated without a user", hint="add --as USER"
            )
        return ()
    headers = [("Impersonate-User", name), *(("Impersonate-Group", group) for group in groups)]
    if uid:
        headers.append(("Impersonate-Uid", uid))
    for key, values in extra.items():
        escaped = quote(key, safe=_HEADER_NAME)
        headers += [(f"Impersonate-Extra-{escaped}", str(value)) for value in values]
    return tuple((key, fields.header(value, key, "impersonation")) for key, value in headers)


__all__ = ["ACCOUNT", "Access", "Kubeconfig", "load"]
