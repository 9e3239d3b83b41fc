"""What the API server makes of a write: what is refused, what is merged, what stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubectl_cafe.client import errors
from kubectl_cafe.client.transport import Object, Objects, PatchKind, Query
from tests.memcluster import patching
from tests.memcluster.address import Address, address

Json = Mapping[str, Any]

SPLIT = {
    "pods",
    "replicasets",
    "statefulsets",
    "deployments",
    "cafedeployments",
    "poddisruptionbudgets",
}
"""Kinds with a status subresource: a write of the object leaves status alone, and the reverse."""
REVIEWS = "selfsubjectaccessreviews"
"""Nothing is forbidden here but by what `MemCluster.refuses` says."""
GENERATIONS = SPLIT
"""Kinds whose metadata.generation moves with their spec."""
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
POD_MUTABLE = ("containers", "initContainers")
"""Fields of a pod's spec that may change, by their images alone."""


def made(where: Address, body: Object, meta: Object) -> Object:
    """What a POST of `body` stores: without a status of its own, a pod as Pending."""
    new = {**as_dict(patching.plain(body)), "metadata": meta}
    if where.plural in SPLIT:
        new.pop("status", None)
    if where.plural == "pods":
        new["status"] = {"phase": "Pending"}
    return new


def merged(where: Address, old: Object, new: Object) -> Object:
    """`new` as the server stores it over `old`: spec or status alone, generation, rules."""
    if where.plural in SPLIT:
        if where.sub == "status":
            # A pod's metadata may be written along with its status; a custom resource's not.
            meta = new["metadata"] if where.plural == "pods" else old["metadata"]
            new = {**old, "status": new.get("status", {}), "metadata": meta}
        else:
            new = {key: value for key, value in new.items() if key != "status"}
            if "status" in old:
                new["status"] = old["status"]
    meta = {**new["metadata"], **identity(old)}
    validate(meta, where.object)
    changed = new.get("spec") != old.get("spec")
    if where.plural == "pods" and changed and not images_only(old["spec"], new["spec"]):
        raise errors.Invalid(
            "spec: Forbidden: pod updates may not change fields other than images",
            where=where.object,
            status=422,
        )
    if where.plural in GENERATIONS and changed:
        meta["generation"] = old["metadata"]["generation"] + 1
    return {**new, "metadata": meta}


def patched(old: Object, body: Object | Objects, kind: PatchKind, where: str) -> Object:
    """`old` after the patch. Raises Invalid."""
    if kind is PatchKind.MERGE:
        return as_dict(patching.merge(old, body))
    if kind is PatchKind.JSON:
        try:
            return patching.json_patch(old, body if isinstance(body, list) else [])
        except patching.BadPatch as error:
            raise errors.Invalid(
                f"the API server refused the request: {error}", where=where
            ) from None
    return as_dict(patching.strategic(old, body))


def check_preconditions(old: Object, meta: Json, where: Address) -> None:
    """The uid first, as the server does it, then the resourceVersion. Raises NotFound, Conflict."""
    known = old["metadata"]
    if meta.get("uid", known["uid"]) != known["uid"]:
        raise errors.NotFound("metadata.uid: field is immutable", where=where.object, status=422)
    if meta.get("resourceVersion", known["resourceVersion"]) != known["resourceVersion"]:
        raise errors.Conflict("the object has been modified", where=where.object, status=409)


def images_only(old: Json, new: Json) -> bool:
    """Whether two specs of a pod differ in images alone, none of them empty."""
    return all(
        c.get("image") for field in POD_MUTABLE for c in new.get(field) or ()
    ) and _imageless(old) == _imageless(new)


def _imageless(spec: Json) -> dict[str, Any]:
    bare = {
        field: [{**c, "image": ""} for c in spec[field]] for field in POD_MUTABLE if field in spec
    }
    return {**spec, **bare}


def validate(meta: Json, where: str) -> None:
    """Labels, the one thing that this server checks of any object. Raises Invalid."""
    for value in (meta.get("labels") or {}).values():
        if not LABEL.fullmatch(value):
            raise errors.Invalid(f'metadata.labels: Invalid value: "{value}"', where=where)


def served(path: str) -> Address:
    """The address of `path`. Raises NoSuchKind for a group that the server does not have."""
    where = address(path)
    if where.api.startswith("/apis/none."):
        raise errors.NoSuchKind(f"{where.api} is not served", where=where.collection)
    return where


def require_namespace(objects: Mapping[str, Object], where: Address) -> None:
    """Raises NotFound where the object's namespace is missing."""
    if where.namespace and f"/api/v1/namespaces/{where.namespace}" not in objects:
        raise errors.NotFound(
            f'namespaces "{where.namespace}" not found',
            where=where.collection,
            hint="kubectl get namespaces",
        )


def selector(query: Query | None) -> dict[str, str]:
    """The labelSelector (equalities alone) of a query."""
    text = str((query or {}).get("labelSelector") or "")
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def matches(item: Json, wanted: Mapping[str, str]) -> bool:
    """Whether the object has these labels."""
    labels = item["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def within(one: Address, collection: Address) -> bool:
    """Whether the object is in the collection; one without a namespace spans all of them."""
    if collection.namespace:
        return one.collection == collection.collection
    return (one.api, one.plural) == (collection.api, collection.plural)


def inside_namespace(key: str, path: str) -> bool:
    """Whether the object `key` goes with the namespace at `path`."""
    one = address(path)
    return one.plural == "namespaces" and address(key).namespace == one.name


def identity(old: Object) -> dict[str, Any]:
    """What no write can change."""
    fixed = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
    kept = {key: old["metadata"][key] for key in fixed if key in old["metadata"]}
    if "deletionTimestamp" in old["metadata"]:
        kept["deletionTimestamp"] = old["metadata"]["deletionTimestamp"]
    return kept


def version_of(old: Object) -> dict[str, Any]:
    """Its resourceVersion, as a part of metadata."""
    return {"resourceVersion": old["metadata"]["resourceVersion"]}


def as_dict(value: object) -> dict[str, Any]:
    """`value`, if it is a JSON object."""
    return dict(value) if isinstance(value, Mapping) else {}
