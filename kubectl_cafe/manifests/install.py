"""Installs the manifests by server-side apply, never over objects that `init` did not create."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import TIMED_OUT, CafeError, Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.manifests import INSTALLED_BY, MANAGED_BY, Manifest
from kubectl_cafe.names import FIELD_MANAGER
from kubectl_cafe.version import VERSION
from kubectl_cafe.versions import newer

ESTABLISHED_WITHIN = 30.0
"""Seconds to wait until the CRD is Established; an API server needs less than one."""


class Outcome(StrEnum):
    """The result of an apply, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Installed:
    """One object as the server has it now, and the result of its apply."""

    manifest: Manifest
    outcome: Outcome


def install(
    transport: Transport, wanted: Sequence[Manifest], *, force: bool = False
) -> list[Installed]:
    """Apply the manifests; `force` takes over fields of other managers.

    All are applied in a dry run first, so that one that is refused leaves no partial installation.
    An object that would not change is not written. Raises Refused for an object that kubectl-cafe
    did not install or that a newer version installed, Conflict where another manager owns a field
    that is to change.
    """
    found = [transport.get_or_none(path_of(manifest)) for manifest in wanted]
    for existing in found:
        if existing is not None:
            refuse_foreign(existing)
    trials = [_apply(transport, manifest, force, dry_run="All") for manifest in wanted]
    done: list[Installed] = []
    for manifest, existing, trial in zip(wanted, found, trials, strict=True):
        outcome = _outcome(existing, trial)
        stored = trial
        if outcome is not Outcome.UNCHANGED and not transport.dry_run:
            stored = _apply(transport, manifest, force)
        done.append(Installed(stored, outcome))
    return done


def path_of(manifest: Manifest) -> str:
    """The API path of the object; only the kinds in this folder are supported."""
    kinds = {"CustomResourceDefinition": paths.crds, "ClusterRole": paths.clusterroles}
    return kinds[manifest["kind"]](manifest["metadata"]["name"])


def refuse_foreign(existing: Manifest) -> None:
    """Raise Refused unless kubectl-cafe, in no newer version, installed the object `existing`."""
    meta = existing["metadata"]
    labels = meta.get("labels") or {}
    managers = sorted({entry.get("manager", "?") for entry in meta.get("managedFields") or []})
    where = f"{existing['kind']} {meta['name']}"
    if labels.get(MANAGED_BY) != FIELD_MANAGER and FIELD_MANAGER not in managers:
        raise Refused(
            "an object of this name exists and was not installed by kubectl-cafe: it has no label "
            f"{MANAGED_BY}={FIELD_MANAGER}; field managers: {', '.join(managers) or 'none'}",
            where=where,
            hint=kubectl(
                f"get {existing['kind'].lower()} {meta['name']} -o yaml --show-managed-fields"
            ),
        )
    if newer(installed_by := labels.get(INSTALLED_BY, ""), VERSION):
        raise Refused(
            f"installed by a newer kubectl-cafe: {installed_by} (this is {VERSION})",
            where=where,
            hint="kubectl krew upgrade cafe",
        )


def wait_established(transport: Transport, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until the API server serves CafeDeployments.

    Raises Refused if another CRD uses its names, CafeError after ESTABLISHED_WITHIN.
    """
    deadline = transport.clock.monotonic() + ESTABLISHED_WITHIN
    while True:
        crd = transport.get(paths.crds())
        conditions = {c["type"]: c for c in (crd.get("status") or {}).get("conditions") or []}
        if conditions.get("Established", {}).get("status") == "True":
            return
        where = f"CustomResourceDefinition {crd['metadata']['name']}"
        if (names := conditions.get("NamesAccepted", {})).get("status") == "False":
            raise Refused(
                f"another resource uses one of its names: {names.get('message')}",
                where=where,
                hint=kubectl("api-resources"),
            )
        if transport.clock.monotonic() >= deadline:
            raise CafeError(
                f"the API server does not serve the resource after {exact(ESTABLISHED_WITHIN)}",
                where=where,
                hint=kubectl(f"get crd {crd['metadata']['name']} -o yaml"),
                exit_code=TIMED_OUT,
            )
        sleep(0.1)


def _apply(transport: Transport, manifest: Manifest, force: bool, **query: str) -> Manifest:
    if force:
        query["force"] = "true"
    return transport.patch(path_of(manifest), manifest, PatchKind.APPLY, query)


def _outcome(existing: Manifest | None, stored: Manifest) -> Outcome:
    if existing is None:
        return Outcome.CREATED
    # A dry run does not report a reliable resourceVersion or generation: compare the contents.
    same = _meant(existing) == _meant(stored)
    return Outcome.UNCHANGED if same else Outcome.CONFIGURED


def _meant(manifest: Manifest) -> Manifest:
    kept = ("labels", "annotations")
    meta = {key: manifest["metadata"].get(key) for key in kept}
    body = {key: manifest[key] for key in manifest if key not in {"metadata", "status"}}
    return {**body, "metadata": meta}
