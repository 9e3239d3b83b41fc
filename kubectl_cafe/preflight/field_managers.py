"""Other writers of the template: GitOps tools and `kubectl apply` restore their own version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, many, ok, warning
from kubectl_cafe.revisions.template import without_nulls

Json = Mapping[str, Any]
CHECK = "fields"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CLIENT_SIDE = "kubectl-client-side-apply"
BY_HAND = frozenset(
    f"kubectl-{verb}" for verb in ("create", "edit", "patch", "replace", "set", "scale", "annotate")
)
"""Managers that write once, by a command of a user: they don't write the same value again."""


def judge(cafe: CafeDeployment, wished: CafeDeployment) -> Iterator[Finding]:
    """The findings about other managers of the fields of spec.template that the release changes."""
    changed = changes(cafe.template, wished.template, "spec.template")
    if not changed:
        return
    found = owners(cafe, changed)
    if paths := applied(cafe, wished, changed):
        found.setdefault("kubectl apply", paths)
    for name, paths in sorted(found.items()):
        yield warning(
            CHECK,
            f"{name} owns {many(paths)}, which this release changes: it will revert the change "
            "or report a difference until its own manifest is updated",
            where=cafe.where,
            hint=kubectl(f"get cafed {cafe.name}", cafe.namespace, "-o yaml --show-managed-fields"),
        )
    if not found:
        yield ok(CHECK, "no other manager owns the fields of spec.template that change")


def owners(cafe: CafeDeployment, changed: Sequence[str]) -> dict[str, list[str]]:
    """The managers that may write again, each with the paths of `changed` that it owns."""
    result: dict[str, list[str]] = {}
    for entry in cafe.obj["metadata"].get("managedFields") or ():
        name = str(entry.get("manager", ""))
        if name in BY_HAND or name == names.FIELD_MANAGER or entry.get("subresource"):
            continue
        template = ((entry.get("fieldsV1") or {}).get("f:spec") or {}).get("f:template")
        owned = leaves(template, "spec.template") if template is not None else ()
        if paths := [path for path in owned if any(related(path, one) for one in changed)]:
            result.setdefault("kubectl apply" if name == CLIENT_SIDE else name, []).extend(paths)
    return result


def applied(cafe: CafeDeployment, wished: CafeDeployment, changed: Sequence[str]) -> list[str]:
    """The paths of `changed` that the last applied file of `kubectl apply` would put back.

    After a release managedFields name kubectl-cafe as the manager of an image, but the last applied
    file still has the old image.
    """
    try:
        spec = json.loads(cafe.annotations.get(LAST_APPLIED, "{}")).get("spec") or {}
        template = without_nulls(spec["template"])
        differing = changes(template, wished.template, "spec.template")
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        return []  # The annotation is another tool's: it is not used.
    return [path for path in changed if any(related(path, one) for one in differing)]


def leaves(fields: Json, path: str) -> Iterator[str]:
    """The paths of the leaves of a fieldsV1 set, as kubectl prints them; a list is one leaf."""
    inner = {key: value for key, value in fields.items() if key.startswith("f:")}
    if not inner:
        yield path
    for key, value in inner.items():
        yield from leaves(value or {}, f"{path}.{key[2:]}")


def related(owned: str, changed: str) -> bool:
    """Whether one path contains the other."""
    return any(
        long == short or long.startswith((f"{short}.", f"{short}["))
        for long, short in ((owned, changed), (changed, owned))
    )


def changes(old: Any, new: Any, path: str) -> list[str]:
    """The paths at which two JSON values differ; a list is one value, as in field ownership."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(set(old) | set(new))
        return [p for key in keys for p in changes(old.get(key), new.get(key), f"{path}.{key}")]
    return [] if old == new else [path]
