"""The resource at `kubectl apply`: what it refuses, with the path and why.

Nothing here needs a pod, so most objects are sent as a server-side dry run.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.applied import GOOD, Kubectl, changed, tried


def refusal(kubectl: Kubectl, cafed: dict[str, Any]) -> str:
    """What the server says against `cafed`; it must say something."""
    done = tried(kubectl, cafed)
    assert done.returncode != 0, f"accepted: {done.stdout}"
    return done.stderr


TOO_MANY = "spec.topology.unitReplicas: Invalid value: unitReplicas ask for more pods than replicas"
TOO_FEW = "spec.topology.unitReplicas: Invalid value: unitReplicas fix every cell, to fewer pods"
PERCENT = "must be a number of pods, or a percent from 0% to 100%"
UNAVAILABLE = "must be a number of pods from 1 up, or a percent from 1% to 100%"
RESERVED = "labels below cafe.sofastack.io/ are switched during a release"


REFUSED: list[tuple[str, Any, str]] = [
    ("topology.unitReplicas", {"CellC": 1}, "names a cell that values does not declare; values "),
    ("topology.unitReplicas", {"CellA": 11}, TOO_MANY),
    ("topology.unitReplicas", {"CellA": 6, "CellB": 5}, TOO_MANY),
    ("topology.unitReplicas", {"CellA": "60%", "CellB": "50%"}, TOO_MANY),
    ("topology.unitReplicas", {"CellA": 5, "CellB": 4}, TOO_FEW),
    ("topology.unitReplicas", {"CellA": "50%", "CellB": "49%"}, TOO_FEW),
    ("topology.unitReplicas", {"CellA": -1}, PERCENT),
    ("topology.unitReplicas", {"CellA": "101%"}, PERCENT),
    ("topology.unitReplicas", {"CellA": "4"}, PERCENT),
    ("topology.unitReplicas", {"CellA": True}, "spec.topology.unitReplicas.CellA"),
    ("topology.values", ["CellA", "CellA"], "Duplicate value"),
    ("topology.values", [], "unitType Cell needs the names of its cells in values"),
    ("topology.values", None, "unitType Cell needs the names of its cells in values"),
    ("topology.values", ["no label value!"], "spec.topology.values[0]"),
    ("topology.unitType", "None", "values and unitReplicas mean nothing where unitType is None"),
    ("topology.unitType", "Rack", 'supported values: "Cell", "Zone", "None"'),
    ("topology.autoReschedule", {"initialDelaySeconds": -1}, "greater than or equal to 0"),
    ("historyLimit", 51, "less than or equal to 50"),
    ("historyLimit", -1, "greater than or equal to 0"),
    ("replicas", -1, "greater than or equal to 0"),
    ("podSetType", "DaemonSet", 'supported values: "InPlaceSet", "ReplicaSet", "StatefulSet"'),
    ("strategy.upgradeType", "Canary", 'supported values: "Beta", "Batch"'),
    ("strategy.onFailure", "Panic", 'supported values: "Hold", "Rollback"'),
    ("strategy.batchSize", 0, "greater than or equal to 1"),
    ("strategy.minReadySeconds", -1, "greater than or equal to 0"),
    ("strategy.drainSeconds", -1, "greater than or equal to 0"),
    ("strategy.progressDeadlineSeconds", 0, "greater than or equal to 1"),
    ("strategy.minReadySeconds", 600, "must be greater than minReadySeconds"),
    ("strategy.maxUnavailable", 0, UNAVAILABLE),
    ("strategy.maxUnavailable", -1, UNAVAILABLE),
    ("strategy.maxUnavailable", "0%", UNAVAILABLE),
    ("strategy.maxUnavailable", "2", UNAVAILABLE),
    ("strategy.maxUnavailable", "101%", UNAVAILABLE),
    ("strategy.trafficFinalizers", ["lb.example/a", "lb.example/a"], "Duplicate value"),
    ("strategy.batchsize", 4, 'unknown field "spec.strategy.batchsize"'),
    ("selector", {}, "an empty selector would select every pod of the namespace"),
    ("selector", None, "spec.selector: Required value"),
    ("selector.matchLabels", {"app": "other"}, "must hold every label of selector.matchLabels"),
    ("selector.matchLabels", {"cafe.sofastack.io/traffic": "on"}, RESERVED),
    ("selector.matchExpressions", [{"key": "cafe.sofastack.io/x", "operator": "Exists"}], RESERVED),
    ("selector.matchExpressions", [{"key": "x", "operator": "Near"}], 'supported values: "In"'),
    ("template", None, "spec.template: Required value"),
    ("template.spec", {}, "spec.template.spec.containers: Required value"),
    ("template.spec.containers", [{"name": "a"}, {"name": "a"}], "Duplicate value"),
    ("template.metadata", None, "must hold every label of selector.matchLabels"),
    ("volumeClaimTemplates", [{"metadata": {"name": "x"}}], "need podSetType StatefulSet"),
    ("serviceName", "web", "need podSetType StatefulSet"),
]


@pytest.mark.parametrize(
    ("path", "value", "said"), REFUSED, ids=[f"{path}={value}" for path, value, _ in REFUSED]
)
def test_a_bad_spec_is_refused_with_its_path_and_why(
    kubectl: Kubectl, path: str, value: Any, said: str
) -> None:
    assert said in refusal(kubectl, changed(path, value))


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"podSetType": "ReplicaSet"}, "spec.podSetType: Invalid value: podSetType can't be"),
        ({"selector": {"matchLabels": {"tier": "web"}}}, "the selector can't be changed"),
        ({"topology": {"unitType": "Zone"}}, "spec.topology.unitType: Invalid value: unitType"),
    ],
    ids=["podSetType", "selector", "unitType"],
)
def test_what_the_workloads_are_made_of_can_t_be_changed(
    kubectl: Kubectl, patch: dict[str, Any], said: str
) -> None:
    assert kubectl("apply", "-f", "-", given=GOOD).returncode == 0

    done = kubectl(
        "patch", "cafed", "productpage", "--type=merge", "-p", json.dumps({"spec": patch})
    )

    assert done.returncode != 0
    assert said in done.stderr


def test_kubectl_scale_works_and_can_t_break_what_is_fixed(kubectl: Kubectl) -> None:
    fixed = changed("topology.unitReplicas", {"CellA": 4})
    assert kubectl("apply", "-f", "-", given=fixed).returncode == 0

    assert kubectl("scale", "cafed/productpage", "--replicas=6").returncode == 0
    assert TOO_MANY in kubectl("scale", "cafed/productpage", "--replicas=3").stderr
