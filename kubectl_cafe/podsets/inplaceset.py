"""InPlaceSet: one ReplicaSet per cell, whose pods are patched in place (protocol 3).

A ReplicaSet never compares its pods with its template, so it doesn't fight the patches; a
replacement is born from the template as it stands at that moment.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import Json, Workload, WorkloadWrite
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import owner_reference
from kubectl_cafe.times import seconds

CELL_LABELS = {"Cell": names.CELL, "Zone": names.ZONE}
"""The node label behind each unitType; None has no cells."""
NAME_LIMIT = 63 - len("-12345")
"""A pod's name adds six characters to its ReplicaSet's, and is used as a host name."""
REMEMBERED = 5
"""So many replaced images are remembered for each container."""
SENT = "sent "
"""Begins the note of a template whose answer has not been noted yet."""


class InPlaceSet:
    """The pod set of podSetType InPlaceSet."""

    def parse(self, obj: Json) -> Workload:
        """The Workload in a ReplicaSet."""
        meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
        conditions = {c["type"]: c for c in status.get("conditions") or ()}
        failed = conditions.get("ReplicaFailure") or {}
        refused = failed.get("status") == "True" and failed.get("reason") == "FailedCreate"
        template = spec["template"]
        template_labels = templates.labels(template)
        return Workload(
            name=meta["name"],
            uid=meta["uid"],
            resource_version=meta["resourceVersion"],
            cell=(meta.get("labels") or {}).get(names.CELL, ""),
            replicas=spec.get("replicas", 1),
            revision=template_labels.get(names.REVISION, ""),
            generation=meta.get("generation", 0),
            observed=status.get("observedGeneration", 0),
            refusal=str(failed.get("message") or "") if refused else "",
            refused=seconds(failed.get("lastTransitionTime")) if refused else 0.0,
            template=template,
            shown=(shown := templates.stamp(template)),
            replaced=replaced(meta.get("annotations") or {}),
            committed=committed((meta.get("annotations") or {}).get(names.COMMITTED, ""), shown),
        )

    def create(
        self, owner: Json, cell: str, revision: str, template: Json, replicas: int = 0
    ) -> WorkloadWrite:
        """A ReplicaSet of `cell`: without pods yet in a first release."""
        meta, selector = owner["metadata"], copy.deepcopy(dict(owner["spec"]["selector"]))
        match = {**(selector.get("matchLabels") or {}), **_cell_label(cell)}
        cells = (owner["spec"].get("topology") or {}).get("values") or ()
        name = workload_name(meta["name"], cell, cells)
        whole = pod_template(owner, cell, revision, template)
        body = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": match,
                "annotations": {names.COMMITTED: SENT + templates.stamp(whole)},
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": {
                "replicas": replicas,
                "selector": {**selector, "matchLabels": match},
                "template": whole,
            },
        }
        return WorkloadWrite(name, True, body, f"create ReplicaSet {name}")

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The template, replaced as a whole."""
        whole = pod_template(owner, workload.cell, revision, template)
        judged = _judged(workload)["metadata"]
        notes = {names.COMMITTED: SENT + templates.stamp(whole), **_replacing(workload, whole)}
        body = {
            "metadata": {**judged, "annotations": notes},
            "spec": {"template": {"$patch": "replace", **whole}},
        }
        return WorkloadWrite(workload.name, False, body, f"commit {revision}")

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The number of pods."""
        body = {**_judged(workload), "spec": {"replicas": replicas}}
        return WorkloadWrite(workload.name, False, body, f"scale to {replicas}")


def committed(note: str, shown: str) -> str:
    """The stamp that the last commit's template has, by the note on a workload; empty: not known.

    Between a commit and the note of its answer only a template that the server left as it was
    sent is known: one with defaults is not an edited one.
    """
    sent = note.removeprefix(SENT).strip()
    return sent if not note.startswith(SENT) or sent == shown else ""


def replaced(notes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Containers with the images that the annotation names; none where it can't be read."""
    try:
        found = json.loads(notes.get(names.REPLACED) or "{}")
    except (ValueError, TypeError, RecursionError):
        return ()
    kept = found.items() if isinstance(found, dict) else ()
    return tuple((name, str(one)) for name, some in kept if isinstance(some, list) for one in some)


def _replacing(workload: Workload, whole: Json) -> dict[str, str]:
    """The annotation once `whole` replaces a template that another client has edited.

    Pods that were born from it stay, under a label that names the revision.
    """
    if not workload.breeds_strangers:
        return {}
    shown, goal = templates.images(workload.template), templates.images(whole)
    new = [(name, image) for name, image in shown.items() if image != goal.get(name)]
    images: dict[str, list[str]] = {}
    for name, image in (*(one for one in workload.replaced if one not in new), *new):
        images.setdefault(name, []).append(image)
    latest = {name: found[-REMEMBERED:] for name, found in images.items()}
    return {names.REPLACED: json.dumps(latest, sort_keys=True)}


def note(body: Json, answer: Json) -> dict[str, Any] | None:
    """The patch that notes on a workload, `body` now, what the server made of our template.

    Defaults and admission change it: only the `answer` to that very write tells what came of it.
    A template that came out as sent is noted too: until then an edit of it can't be told. None:
    another commit has been noted since.
    """
    made = templates.stamp(answer["spec"]["template"])
    if _noted(body) != _noted(answer):
        return None
    meta = body["metadata"]
    judged = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    return {"metadata": {**judged, "annotations": {names.COMMITTED: made}}}


def _noted(body: Json) -> str:
    return str((body["metadata"].get("annotations") or {}).get(names.COMMITTED, ""))


def _judged(workload: Workload) -> dict[str, Any]:
    return {"metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version}}


def _cell_label(cell: str) -> dict[str, str]:
    return {names.CELL: cell} if cell else {}


def pod_template(owner: Json, cell: str, revision: str, template: Json) -> dict[str, Any]:
    """The template as a workload of `cell` carries it: cell, revision, and node affinity."""
    whole = copy.deepcopy(dict(template))
    meta = whole.setdefault("metadata", {})
    meta["labels"] = {
        **(meta.get("labels") or {}),
        **_cell_label(cell),
        names.REVISION: revision,
    }
    unit = (owner["spec"].get("topology") or {}).get("unitType", "None")
    if cell and unit in CELL_LABELS:
        _require_node(whole["spec"], CELL_LABELS[unit], cell)
    return whole


def _require_node(spec: dict[str, Any], label: str, value: str) -> None:
    """Add `label` in [value] to every alternative of the required node affinity."""
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    required = affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.setdefault("nodeSelectorTerms", []) or [{}]
    required["nodeSelectorTerms"] = terms
    for term in terms:
        expression = {"key": label, "operator": "In", "values": [value]}
        term["matchExpressions"] = [*term.get("matchExpressions", ()), expression]


def generate_name(owner: str) -> str:
    """The generateName of objects that are only tried: no name is valid with ".-" or "--" at 40."""
    return f"{owner[:40].rstrip('-.')}-"


def workload_name(owner: str, cell: str, cells: Sequence[str] = ()) -> str:
    """`<name>-<cell>` in lower case, as a DNS label.

    A short hash is added where characters had to go, or where two of `cells` would clash.
    """
    if not cell:
        return owner
    plain = f"{owner}-{cell.lower()}"
    label = re.sub(r"[^a-z0-9-]+", "-", plain)[:NAME_LIMIT].rstrip("-")
    clashes = [other for other in cells if other != cell and other.lower() == cell.lower()]
    if label == plain and not clashes:
        return label
    digest = hashlib.sha256(f"{owner}/{cell}".encode()).hexdigest()[:5]
    return f"{label[: NAME_LIMIT - 6].rstrip('-')}-{digest}"
