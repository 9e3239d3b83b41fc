"""What the searches take for true of a pod and its kubelet."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.pods.model import parse
from statemachine.lifecycle import State
from statemachine.record import Plan, Record, Strategy
from statemachine.steps import Kind
from tests.explore.stages import stages
from tests.explore.truths import outstanding
from tests.memcluster import kubelet

NEW = "app:v2"
PRODUCT = ("kubectl_cafe", "statemachine")


def pod(image: str = "app:v1") -> dict[str, Any]:
    """A pod as it was just born."""
    meta = {"name": "a", "namespace": "stores", "uid": "u", "resourceVersion": "1", "generation": 1}
    return {"metadata": meta, "spec": {"containers": [{"name": "main", "image": image}]}}


def started(worker: kubelet.Worker) -> kubelet.Worker:
    """The worker once it has started its container."""
    return kubelet.act(kubelet.read(pod(), worker))


def test_the_first_start_of_a_new_pod_is_no_restart() -> None:
    """A random history with a deletion and an abort in Label mode took it for one."""
    newborn = kubelet.born(pod())
    reading = kubelet.read(pod(), newborn)
    assert [outstanding(parse(pod()), one) for one in (newborn, reading)] == [False, False]


def test_a_first_start_from_an_older_spec_is_followed_by_a_restart() -> None:
    reading = kubelet.read(pod(), kubelet.born(pod()))
    assert outstanding(parse(pod(NEW)), reading)


def test_a_container_of_another_image_is_going_to_be_replaced() -> None:
    running = started(kubelet.born(pod()))
    assert outstanding(parse(pod(NEW)), running)
    assert not outstanding(parse(pod()), running)


def test_a_container_that_is_being_replaced_is_on_its_way_out() -> None:
    running = started(kubelet.born(pod()))
    acting = replace(running, acting=("main",), aim=(("main", NEW),))
    assert outstanding(parse(pod(NEW)), acting)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (Kind.CREATE, "commit group group group"),
        (Kind.UPGRADE, "group group group commit sweep"),
        (Kind.ROLLBACK, "commit group group group sweep"),
    ],
)
def test_a_release_has_the_steps_that_its_plan_asks_for(kind: Kind, what: str) -> None:
    plan = Plan({"CellA": 5, "CellB": 5}, Strategy(batch_size=4))
    record = Record(
        uid="u",
        id="r",
        kind=kind,
        state=State.PROGRESSING,
        plan=plan,
        to_revision="two",
        spec_hash="",
        since="",
        started="",
        who="",
    )
    found = stages(record)
    assert " ".join(stage.what for stage in found) == what
    counts = [dict(stage.counts) for stage in found if stage.counts]
    assert counts == [dict.fromkeys(plan.cells, count) for count in (1, 3, 5)]


ORACLE = ("beginnings", "endings", "invariants", "stages", "truths", "writing", "search")
DECODING = {
    "kubectl_cafe": {"names"},
    "kubectl_cafe.api.cafedeployment": {"CafeDeployment"},
    "kubectl_cafe.assessment.snapshot": {"Decision", "Snapshot"},
    "kubectl_cafe.client": {"paths"},
    "kubectl_cafe.pods.model": {"Pod", "parse"},
    "kubectl_cafe.pods.patches": {"PodPatch"},
    "kubectl_cafe.pods.record": {"Mode", "Phase"},
    "kubectl_cafe.revisions.revision": {"Revision"},
    "kubectl_cafe.times": {"seconds"},
    "statemachine.lifecycle": {"State", "Trigger"},
    "statemachine.record": {"Record"},
    "statemachine.steps": {"Kind"},
}
"""What the oracle may take from the product: values and names, and no rule."""


@pytest.mark.parametrize("module", ORACLE)
def test_the_oracle_takes_no_rule_from_the_product(module: str) -> None:
    tree = ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    taken = {
        (node.module, name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PRODUCT)
        for name in node.names
    }
    assert all(name in DECODING.get(place, set()) for place, name in taken), taken
