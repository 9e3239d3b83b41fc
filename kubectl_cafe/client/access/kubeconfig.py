"""Selects the cluster, user and namespace of kubeconfig files by kubectl's rules.

Of several files, kubectl uses the first current-context and the first entry of each name; the
Python client library uses the last current-context. So this module reads and merges the files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe import yamls
from kubectl_cafe.client.access import fields
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.errors import AccessError
from kubectl_cafe.text import meant

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class Kubeconfig(Struct, frozen=True):
    """The merged kubeconfig files. Each table maps a name to its entry, with absolute paths."""

    clusters: Mapping[str, dict[str, Any]] = {}
    contexts: Mapping[str, dict[str, Any]] = {}
    users: Mapping[str, dict[str, Any]] = {}
    current: str = ""
    homes: Mapping[str, str] = {}
    """The folder of the kubeconfig file by user name; relative commands of plugins start there."""


class Chosen(Struct, frozen=True):
    """The context, cluster and user that flags and kubeconfig select; `home` is as in `homes`."""

    context: str
    namespace: str
    cluster: dict[str, Any]
    user: dict[str, Any]
    user_name: str
    home: str


def files(flag: str | None, environ: Mapping[str, str]) -> list[Path]:
    """The files that kubectl would read; raises AccessError if `--kubeconfig` names no file.

    `--kubeconfig` may also name a pipe: /dev/stdin, or a shell's `<(command)`.
    """
    if flag:
        path = _expanded(flag)
        if not os.path.exists(path):
            raise AccessError(
                "the kubeconfig file does not exist",
                where=str(path),
                hint="the same command without --kubeconfig   (KUBECONFIG, then ~/.kube/config)",
            )
        return [path]
    listed = environ.get("KUBECONFIG", "")
    if listed:
        paths = [_expanded(part) for part in listed.split(os.pathsep) if part]
        return list(dict.fromkeys(paths))
    return [_expanded(environ.get("HOME") or "~") / ".kube" / "config"]


def _expanded(path: str) -> Path:
    """`path` with `~` replaced by the home folder; unchanged if the user has none."""
    return Path(os.path.expanduser(path))  # Path.expanduser raises without a home


def merge(paths: list[Path]) -> Kubeconfig:
    """The merged files: the first current-context and the first entry of each name win.

    Missing files are skipped. Each file is read once, because a pipe can't be read again.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {"clusters": {}, "contexts": {}, "users": {}}
    homes: dict[str, str] = {}
    current = ""
    for path in paths:
        content = _read(path)
        folder = str(path.absolute().parent)
        fields.check_types(content, fields.CONFIG, "", str(path))
        current = current or str(content.get("current-context") or "")
        for plural, table in tables.items():
            for name, entry in _entries(content, plural, path):
                kinds = fields.ENTRIES[plural]
                fields.check_types(entry, kinds, f"{plural}[{name}].{plural[:-1]}.", str(path))
                if name in table:
                    continue
                table[name] = _absolute(entry, folder)
                if plural == "users":
                    homes[name] = folder
    return Kubeconfig(**tables, current=current, homes=homes)


def choose(config: Kubeconfig, flags: AccessFlags) -> Chosen:
    """The context, cluster and user that `flags` select; raises AccessError with the known names.

    With `--server` neither a context nor a cluster is needed.
    """
    name = flags.context or config.current
    if name and name not in config.contexts:
        raise _unknown("context", name, config.contexts, "kubectl config get-contexts")
    if not name and not (flags.cluster or flags.server):
        raise AccessError(
            "the kubeconfig has no current context" + _known("contexts", config.contexts),
            where="current-context",
            hint="kubectl config use-context NAME",
        )
    entry = config.contexts.get(name, {})
    cluster = flags.cluster or str(entry.get("cluster") or "")
    user = flags.user or str(entry.get("user") or "")
    if cluster not in config.clusters and (flags.cluster or not flags.server):
        raise _unknown("cluster", cluster, config.clusters, "kubectl config get-clusters")
    if user and user not in config.users:
        raise _unknown("user", user, config.users, "kubectl config get-users")
    chosen = Chosen(
        context=name,
        namespace=flags.namespace or str(entry.get("namespace") or "default"),
        cluster=config.clusters.get(cluster, {}),
        user=config.users.get(user, {}),
        user_name=user,
        home=config.homes.get(user, ""),
    )
    chosen = overridden(chosen, flags)
    if not chosen.cluster.get("server"):
        raise AccessError("this cluster has no server", where=f"clusters[{cluster}].server")
    return chosen


def overridden(chosen: Chosen, flags: AccessFlags) -> Chosen:
    """`chosen` with fields of its cluster and user replaced by flags, by client-go's rules.

    `--server` removes the kubeconfig's tls-server-name. `--certificate-authority` or
    `--insecure-skip-tls-verify` replaces both settings of the kubeconfig. A file replaces the
    inline data of the same field. `--token` has precedence over all other credentials.
    """
    cluster, user = dict(chosen.cluster), dict(chosen.user)
    if flags.server:
        cluster["server"] = flags.server
    if flags.server or flags.tls_server_name:
        cluster["tls-server-name"] = flags.tls_server_name
    if flags.certificate_authority or flags.insecure_skip_tls_verify:
        cluster["certificate-authority-data"] = None
        cluster["certificate-authority"] = flags.certificate_authority
        cluster["insecure-skip-tls-verify"] = flags.insecure_skip_tls_verify
    for key, value in (
        ("client-certificate", flags.client_certificate),
        ("client-key", flags.client_key),
    ):
        if value:
            user[key], user[f"{key}-data"] = value, None
    if flags.token:
        user["token"], user["tokenFile"] = flags.token, None
    if flags.username:
        user["username"] = flags.username
    if flags.password:
        user["password"] = flags.password
    return replace(chosen, cluster=cluster, user=user)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yamls.load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AccessError(
            f"this kubeconfig can't be read: {error.strerror}", where=str(path)
        ) from None
    except yamls.YAMLError as error:
        raise AccessError(f"this kubeconfig is not valid YAML: {error}", where=str(path)) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise AccessError("this kubeconfig must be a mapping", where=str(path))
    return content


def _entries(content: dict[str, Any], plural: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    listed = content.get(plural) or []
    for item in listed if isinstance(listed, list) else [listed]:
        entry = (item.get(plural[:-1]) or {}) if isinstance(item, dict) else None
        if not isinstance(entry, dict) or not isinstance(item.get("name"), str):
            raise AccessError(
                f"an entry of {plural} needs a name and a {plural[:-1]}", where=str(path)
            )
        found.append((item["name"], entry))
    return found


def _absolute(entry: dict[str, Any], folder: str) -> dict[str, Any]:
    paths = {key: os.path.join(folder, entry[key]) for key in _PATHS if entry.get(key)}
    return {**entry, **paths}


def _unknown(kind: str, name: str, known: Mapping[str, Any], hint: str) -> AccessError:
    if not name:
        return AccessError(f"the context has no {kind}" + _known(f"{kind}s", known), hint=hint)
    return AccessError(
        f"the kubeconfig has no {kind} {name!r}{_known(f'{kind}s', known)}{meant(name, known)}",
        hint=hint,
    )


def _known(plural: str, known: Mapping[str, Any]) -> str:
    return f"; its {plural}: {', '.join(sorted(known))}" if known else f"; it has no {plural}"
