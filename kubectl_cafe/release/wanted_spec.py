"""The CafeDeployment that a manifest would update or create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.merge_patch import merge_patch
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Invalid
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.errors import Refused
from kubectl_cafe.revisions.template import without_nulls

Json = Mapping[str, Any]
TRIAL = {"dryRun": "All", "fieldValidation": "Strict"}


def of_manifest(transport: Transport, cafe: CafeDeployment, manifest: Json) -> CafeDeployment:
    """`cafe` with the spec of `manifest` and the server's defaults, by a dry run.

    Raises Refused if the server would reject the spec.
    """
    body = {"metadata": {"uid": cafe.uid}, "spec": merge_patch(cafe.spec, manifest["spec"])}
    path = paths.cafedeployments(cafe.namespace, cafe.name)
    try:
        answer = transport.patch(path, body, PatchKind.MERGE, TRIAL)
    except Invalid as error:
        raise _refused(error, cafe.where) from None
    return cafe.with_spec(answer["spec"])


def create(
    transport: Transport, namespace: str, manifest: Json, *, trial: bool = False
) -> CafeDeployment:
    """Create the CafeDeployment of `manifest`; `trial`: only as a server-side dry run."""
    name = manifest["metadata"]["name"]
    query = TRIAL if trial else {"fieldValidation": "Strict"}
    spec = without_nulls(manifest["spec"])
    body = {**manifest, "apiVersion": names.API_VERSION, "kind": names.KIND, "spec": spec}
    try:
        return CafeDeployment(
            transport.create(paths.cafedeployments(namespace), body, query, needs_lease=False)
        )
    except Invalid as error:
        raise _refused(error, f"cafedeployment/{name} in namespace {namespace}") from None


def _refused(error: Invalid, where: str) -> Refused:
    return Refused(f"{error.message}. Nothing was written", where=where)
