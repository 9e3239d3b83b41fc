"""Which cluster, user and namespace a kubeconfig means: kubectl's rules, as data.

The client merges several files with the last current-context winning; in kubectl the
first wins, for it and for every name. So the files are read and resolved here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kubectl_cafe.cluster.errors import AccessError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True)
class Kubeconfig:
    """Several files merged. Each table maps a name to its entry, file paths made absolute."""

    clusters: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    contexts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    users: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    current: str = ""
    homes: Mapping[str, str] = field(default_factory=dict)
    """User's name -> the folder of the file that it came from (exec plugins start there)."""


@dataclass(frozen=True)
class Chosen:
    """What the flags and the kubeconfig come to."""

    context: str
    namespace: str
    cluster: dict[str, Any]
    user: dict[str, Any]
    user_name: str
    home: str


def files(flag: str | None, environ: Mapping[str, str]) -> list[Path]:
    """The files kubectl would read; raises AccessError when `--kubeconfig` names none."""
    if flag:
        path = Path(flag).expanduser()
        if not path.is_file():
            raise AccessError(
                "there is no such kubeconfig file",
                where=str(path),
                hint="the same command without --kubeconfig   (KUBECONFIG, then ~/.kube/config)",
            )
        return [path]
    listed = environ.get("KUBECONFIG", "")
    if listed:
        paths = [Path(part).expanduser() for part in listed.split(os.pathsep) if part]
        return [path for path in dict.fromkeys(paths) if path.is_file()]
    home = Path(environ.get("HOME") or "~").expanduser() / ".kube" / "config"
    return [home] if home.is_file() else []


def merge(paths: list[Path]) -> Kubeconfig:
    """The files as one: whoever sets current-context, or a name, first wins."""
    tables: dict[str, dict[str, dict[str, Any]]] = {"clusters": {}, "contexts": {}, "users": {}}
    homes: dict[str, str] = {}
    current = ""
    for path in paths:
        content = _read(path)
        folder = str(path.absolute().parent)
        current = current or str(content.get("current-context") or "")
        for plural, table in tables.items():
            for name, entry in _entries(content, plural, path):
                if name in table:
                    continue
                table[name] = _absolute(entry, folder)
                if plural == "users":
                    homes[name] = folder
    return Kubeconfig(**tables, current=current, homes=homes)


def choose(
    config: Kubeconfig,
    context: str | None = None,
    cluster: str | None = None,
    user: str | None = None,
    namespace: str | None = None,
) -> Chosen:
    """Apply `--context --cluster --user -n`; raises AccessError that lists what is known."""
    name = context or config.current
    if name and name not in config.contexts:
        raise _unknown("context", name, config.contexts, "kubectl config get-contexts")
    if not name and not cluster:
        raise AccessError(
            "the kubeconfig has no current context" + _known("contexts", config.contexts),
            where="current-context",
            hint="kubectl config use-context NAME",
        )
    entry = config.contexts.get(name, {})
    cluster_name = cluster or str(entry.get("cluster") or "")
    user_name = user or str(entry.get("user") or "")
    if cluster_name not in config.clusters:
        raise _unknown("cluster", cluster_name, config.clusters, "kubectl config get-clusters")
    if user_name and user_name not in config.users:
        raise _unknown("user", user_name, config.users, "kubectl config get-users")
    if not config.clusters[cluster_name].get("server"):
        raise AccessError("this cluster has no server", where=f"clusters[{cluster_name}].server")
    return Chosen(
        context=name,
        namespace=namespace or str(entry.get("namespace") or "default"),
        cluster=config.clusters[cluster_name],
        user=config.users.get(user_name, {}),
        user_name=user_name,
        home=config.homes.get(user_name, ""),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(), Loader=_Loader)
    except OSError as error:
        raise AccessError(
            f"this kubeconfig can't be read: {error.strerror}", where=str(path)
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise AccessError(f"this kubeconfig is no YAML: {said}", where=str(path)) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise AccessError("this kubeconfig is not a mapping", where=str(path))
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
        return AccessError(f"the context names no {kind}" + _known(f"{kind}s", known), hint=hint)
    return AccessError(
        f"the kubeconfig has no {kind} {name!r}" + _known(f"{kind}s", known), hint=hint
    )


def _known(plural: str, known: Mapping[str, Any]) -> str:
    return f"; its {plural}: {', '.join(sorted(known))}" if known else f"; it has no {plural}"
