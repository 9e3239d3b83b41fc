"""Pods, records and views in a few words, for tests of the pure code.

A pod is healthy, in traffic and at v1 unless the test says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Container, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Before, Mode, Phase, PodRecord
from kubectl_cafe.podsets import Workload
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.record import release_record
from kubectl_cafe.record.release_record import StoredRelease
from kubectl_cafe.revisions.past_releases import past
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Plan, Record, Strategy
from statemachine.record_json import encode
from statemachine.steps import Kind

START = 1_000_000.0
"""The server's time, in seconds, at which releases of these tests started."""
IMAGE_IDS = {"app:v1": "D1", "app:v2": "D2", "app:v3": "D3"}
OPEN = Condition("True", since=START - 1000)
READY = Condition("True", since=START - 1000)


def quoted(value: str = "False") -> Condition:
    """Ready as a kubelet words it when our gate has `value`."""
    message = f'the status of pod readiness gate "{names.IN_SERVICE}" is not "True", but {value}'
    return Condition("False", "ReadinessGatesNotReady", message)


def container(
    container_id: str = "C1", image: str = "app:v1", name: str = "main", **changes: Any
) -> Container:
    """A container that runs and is ready; it has no status if `container_id` is empty."""
    runs = bool(container_id)
    made = Container(
        name=name,
        image=image,
        started_at=0.0,
        container_id=container_id,
        image_id=IMAGE_IDS.get(image, "D0") if runs else "",
        ready=runs,
        running=runs,
    )
    return structs.replace(made, **changes)


def pod(name: str = "a", *containers: Container, **changes: Any) -> Pod:
    """A pod at v1 in Gate mode, Ready and in traffic, seen by its kubelet."""
    shown = containers or (container(),)
    labels = changes.pop("labels", {})
    made = Pod(
        name=name,
        uid=f"uid-{name}",
        resource_version="7",
        generation=1,
        observed=1,
        owner="uid-set",
        phase="Running",
        gated=True,
        labels={names.REVISION: "v1", **labels},
        containers={c.name: c for c in shown},
        ready=READY,
        containers_ready=Condition("True"),
        gate=OPEN,
    )
    return structs.replace(made, **changes)


def before(container_id: str = "C1", image: str = "app:v1", image_id: str = "D1") -> Before:
    """What a container was, as W2 records it."""
    return Before(image, image_id, container_id, 0)


def pod_record(phase: Phase = Phase.PATCHED, **changes: Any) -> PodRecord:
    """The record of a pod on its way to v2, patched from v1 at generation 2."""
    made = PodRecord(
        release="r1",
        epoch=1,
        phase=phase,
        mode=Mode.GATE,
        to="v2",
        since=rfc3339(START),
        group=1,
        gen=2 if phase is Phase.PATCHED else 0,
        before={"main": before()} if phase is Phase.PATCHED else {},
    )
    return structs.replace(made, **changes)


def drained(name: str = "a", **changes: Any) -> Pod:
    """A pod after W1, acknowledged by its kubelet."""
    record = changes.pop("record", pod_record(Phase.DRAINED))
    return pod(name, **{"gate": Condition("False"), "ready": quoted(), "record": record, **changes})


def patched(name: str = "a", *containers: Container, **changes: Any) -> Pod:
    """A pod after W2 whose kubelet has not answered yet: the old container still runs."""
    shown = containers or (container("C1", "app:v2", image_id="D1"),)
    assessment = {"generation": 2, "observed": 1, "record": pod_record(), **changes}
    return drained(name, containers={c.name: c for c in shown}, **assessment)


def upgraded(name: str = "a", *containers: Container, **changes: Any) -> Pod:
    """A pod after W3: at v2, in traffic, verified."""
    shown = containers or (container("C2", "app:v2"),)
    record = pod_record(Phase.FINISHED, gen=2)
    labels = {names.REVISION: "v2", **changes.pop("labels", {})}
    assessment = {"generation": 2, "observed": 2, "record": record, "labels": labels, **changes}
    return pod(name, *shown, **assessment)


def template(image: str = "app:v1", **labels: str) -> dict[str, Any]:
    """A pod template with one container."""
    return {
        "metadata": {"labels": {"app": "shop", **labels}},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }


def revision(name: str, number: int = 1, outcome: str = "", **changes: Any) -> Revision:
    """The revision `name` of image app:`name`."""
    return structs.replace(Revision(name, number, template(f"app:{name}"), outcome), **changes)


REVISIONS = {name: revision(name, number) for number, name in enumerate(("v1", "v2"), start=1)}


def release(state: State = State.PROGRESSING, **changes: Any) -> Record:
    """The record of an upgrade from v1 to v2 of one cell, without a name, of two pods.

    `cells` and fields of the strategy may be given as they are.
    """
    cells: Mapping[str, int] = changes.pop("cells", {"": 2})
    known = set(Strategy.__struct_fields__)
    strategy = Strategy(**{key: changes.pop(key) for key in known & set(changes)})
    made = Record(
        uid="uid-cafe",
        id="r1",
        kind=Kind.UPGRADE,
        state=state,
        plan=Plan(cells, strategy),
        to_revision="v2",
        from_revision="v1",
        spec_hash="h",
        since=rfc3339(START),
        started=rfc3339(START),
        who="alice",
        epoch=1,
    )
    return structs.replace(made, **changes)


def workload(replicas: int = 2, cell: str = "", **changes: Any) -> Workload:
    """A ReplicaSet at v1 whose controller has seen its spec."""
    made = Workload(f"set{cell}", "uid-set", "3", cell, replicas, "v1", 1, 1, 0.0)
    return replace(made, **changes)


def snapshot(*pods: Pod, record: Record | None = None, **changes: Any) -> Snapshot:
    """A view of `pods`, a minute after the release started; each pod was just seen once.

    The workloads wish for as many pods as there are.
    """
    now: float = changes.pop("now", 60.0)
    of = record or release()
    made = Snapshot(
        owner=cafe_object(),
        record=of,
        revisions=REVISIONS,
        pods={p.uid: p for p in pods},
        workloads=tuple(
            workload(sum(p.cell == cell for p in pods), cell) for cell in of.plan.cells
        ),
        sightings={p.uid: look(None, p, now) for p in pods},
        now=now,
        time=START + now,
    )
    return replace(made, **changes)


def assessments(of: Snapshot) -> list[Assessment]:
    """Where the pods of the view stand."""
    return [assess(p, of) for p in of.pods.values()]


def stored(
    *records: Record, outcome: str = "", revisions: Iterable[Revision] = ()
) -> tuple[StoredRelease, ...]:
    """The ended releases of `records` as the cluster keeps them."""
    return tuple(
        release_record.parse(stored_object(record, outcome, revisions)) for record in records
    )


def stored_object(
    record: Record, outcome: str = "", revisions: Iterable[Revision] = (), **spec: Any
) -> dict[str, Any]:
    """The ControllerRevision that keeps the ended release of `record`, as a server answers it."""
    cafe = CafeDeployment(cafe_object(**spec))
    told = outcome or str(record.state)
    made = release_record.manifest(cafe, record, told, record.since, revisions)
    meta = {**made["metadata"], "uid": f"uid-{record.id}", "resourceVersion": f"rv-{record.id}"}
    return {**made, "metadata": meta}


def chronicle(*records: Record) -> str:
    """The annotation in which version 0.1.0 kept the releases of `records` on their revision."""
    kept = [
        {
            "id": record.id,
            "kind": record.kind,
            "outcome": record.state,
            "started": record.started,
            "ended": record.since,
            "who": record.who,
            "why": record.why,
            "fromRevision": record.from_revision,
            "left": past(record, "", "").left,
            "journal": json.loads(encode(record)).get("journal", []),
            "journalCut": record.journal_cut,
        }
        for record in records
    ]
    return json.dumps({"releases": kept, "releasesCut": 0, "v": 1})


def cafe_object(**spec: Any) -> dict[str, Any]:
    """A CafeDeployment as the server answers it, with `spec` over its smallest one."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {
            "name": "shop",
            "namespace": "stores",
            "uid": "uid-cafe",
            "resourceVersion": "1",
            "generation": 1,
            "annotations": {},
        },
        "spec": {
            "replicas": 2,
            "podSetType": "InPlaceSet",
            "selector": {"matchLabels": {"app": "shop"}},
            "template": template(),
            **spec,
        },
    }


def writes(of: Snapshot) -> list[str]:
    """What is written, as `what pod`."""
    return [f"{patch.what} {patch.pod}" for patch in decide(of).patches]


def renewed(name: str = "a") -> Snapshot:
    """A patched pod whose new container was seen to appear, still off."""
    first = patched(name, observed=2)
    shown = patched(name, container("C2", "app:v2"), observed=2)
    return snapshot(shown, sightings={shown.uid: look(look(None, first, 0), shown, 5)})
