"""The resource at `kubectl apply`: what it accepts, what it refuses and how it says so.

Nothing here needs a pod, so most objects are sent as a server-side dry run.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.build import binary

EXAMPLES = Path(__file__).parents[2] / "examples"
Kubectl = Callable[..., subprocess.CompletedProcess[str]]

GOOD: dict[str, Any] = {
    "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
    "kind": "CafeDeployment",
    "metadata": {"name": "productpage"},
    "spec": {
        "replicas": 10,
        "selector": {"matchLabels": {"app": "productpage"}},
        "template": {
            "metadata": {"labels": {"app": "productpage"}},
            "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
        },
        "topology": {"unitType": "Cell", "values": ["CellA", "CellB"]},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with `value` at the dotted `path` below spec; None takes the field away."""
    cafed = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = cafed["spec"]
    for key in parents:
        place = place.setdefault(key, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return cafed


@pytest.fixture(scope="module")
def environment(control_plane: Any) -> dict[str, str]:
    """The environment that leads to a cluster with the resource installed."""
    env = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}
    plugin = Path(sys.executable).with_name("kubectl-cafe")
    done = subprocess.run([plugin, "init"], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return env


@pytest.fixture
def kubectl(environment: dict[str, str], namespace: str) -> Kubectl:
    """The real kubectl in the test's namespace; `given` goes to stdin as JSON."""

    def run(*args: str, given: Any = None) -> subprocess.CompletedProcess[str]:
        command = [str(binary("kubectl")), "-n", namespace, *args]
        text = None if given is None else json.dumps(given)
        return subprocess.run(command, input=text, capture_output=True, text=True, env=environment)

    return run


def tried(kubectl: Kubectl, cafed: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """`cafed` applied in a dry run."""
    return kubectl("apply", "--dry-run=server", "-o", "json", "-f", "-", given=cafed)


def spec_of(kubectl: Kubectl, cafed: dict[str, Any]) -> dict[str, Any]:
    """The spec of `cafed` with the server's defaults."""
    done = tried(kubectl, cafed)
    assert done.returncode == 0, done.stderr
    spec: dict[str, Any] = json.loads(done.stdout)["spec"]
    return spec


def refusal(kubectl: Kubectl, cafed: dict[str, Any]) -> str:
    """What the server says against `cafed`; it must say something."""
    done = tried(kubectl, cafed)
    assert done.returncode != 0, f"accepted: {done.stdout}"
    return done.stderr


def test_the_defaults_are_those_of_the_documentation(kubectl: Kubectl) -> None:
    spec = spec_of(kubectl, changed("topology", None))

    assert {key: spec[key] for key in ("podSetType", "historyLimit", "topology", "strategy")} == {
        "podSetType": "InPlaceSet",
        "historyLimit": 20,
        "topology": {"unitType": "None"},
        "strategy": {
            "upgradeType": "Beta",
            "minReadySeconds": 0,
            "needWaitingForConfirm": False,
            "pause": False,
            "maxUnavailable": "25%",
            "progressDeadlineSeconds": 600,
            "drainSeconds": 0,
            "onFailure": "Hold",
        },
    }


def test_a_strategy_that_says_one_thing_keeps_the_other_defaults(kubectl: Kubectl) -> None:
    strategy = spec_of(kubectl, changed("strategy.batchSize", 4))["strategy"]

    assert strategy["batchSize"] == 4
    assert strategy["progressDeadlineSeconds"] == 600


def test_without_a_batch_size_none_is_made_up(kubectl: Kubectl) -> None:
    assert "batchSize" not in spec_of(kubectl, GOOD)["strategy"]


def test_every_field_as_published_is_kept(kubectl: Kubectl) -> None:
    published = {
        "historyLimit": 20,
        "podSetType": "InPlaceSet",
        "replicas": 10,
        "selector": {"matchLabels": {"instance": "productpage", "name": "bookinfo"}},
        "strategy": {
            "upgradeType": "Beta",
            "batchSize": 4,
            "minReadySeconds": 30,
            "needWaitingForConfirm": True,
            "pause": False,
        },
        "template": {
            "metadata": {"labels": {"instance": "productpage", "name": "bookinfo"}},
            "spec": {"containers": [{"name": "main", "image": "app:v1", "unknownYet": {"a": [1]}}]},
        },
        "volumeClaimTemplates": [],
        "serviceName": "",
        "topology": {
            "unitType": "Cell",
            "values": ["CellA", "CellB"],
            "unitReplicas": {"CellA": 4, "CellB": "60%"},
            "autoReschedule": {"enable": True, "initialDelaySeconds": 10},
        },
    }

    spec = spec_of(kubectl, {**GOOD, "spec": published})

    del spec["strategy"]
    expected = {key: value for key, value in published.items() if key != "strategy"}
    assert spec == expected


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_pass(kubectl: Kubectl, example: Path) -> None:
    done = kubectl("apply", "--dry-run=server", "-f", str(example))

    assert done.returncode == 0, done.stderr


FITTING = {
    "one cell fixed": {"CellA": 4},
    "a cell with none": {"CellA": 0},
    "all cells fixed": {"CellA": 4, "CellB": 6},
    "percents that make a whole": {"CellA": "33%", "CellB": "67%"},
    "a percent beside a number": {"CellA": "40%", "CellB": 6},
    "a percent that is rounded down, and a free cell": {"CellB": "19%"},
    "everything in one cell": {"CellA": "100%"},
}


@pytest.mark.parametrize("sizes", FITTING.values(), ids=FITTING)
def test_unit_replicas_that_fit_pass(kubectl: Kubectl, sizes: dict[str, int | str]) -> None:
    assert spec_of(kubectl, changed("topology.unitReplicas", sizes))["replicas"] == 10


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


def test_kubectl_get_shows_the_release_in_columns(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", given=GOOD).returncode == 0
    status = {
        "replicas": 10,
        "updatedReplicas": 6,
        "readyReplicas": 9,
        "state": "AwaitingConfirm",
        "group": "2/3",
        "selector": "app=productpage",
    }
    body = json.dumps({"status": status})
    patched = kubectl(
        *("patch", "cafedeployment", "productpage", "--subresource=status", "--type=merge"),
        *("-p", body),
    )
    assert patched.returncode == 0, patched.stderr

    header, row = kubectl("get", "cafed").stdout.splitlines()
    assert header.split() == ["NAME", "DESIRED", "UPDATED", "READY", "STATE", "GROUP", "AGE"]
    assert row.split()[:6] == ["productpage", "10", "6", "9", "AwaitingConfirm", "2/3"]


def test_the_scale_subresource_has_the_selector_that_an_autoscaler_needs(
    kubectl: Kubectl,
) -> None:
    assert kubectl("apply", "-f", "-", given=GOOD).returncode == 0
    body = json.dumps({"status": {"replicas": 10, "selector": "app=productpage"}})
    args = ("patch", "cafed", "productpage", "--subresource=status", "--type=merge", "-p", body)
    assert kubectl(*args).returncode == 0

    scale = json.loads(
        kubectl("get", "cafed", "productpage", "--subresource=scale", "-o", "json").stdout
    )

    assert scale["spec"]["replicas"] == 10
    assert scale["status"] == {"replicas": 10, "selector": "app=productpage"}


def test_kubectl_explain_knows_every_field(kubectl: Kubectl) -> None:
    told = kubectl("explain", "cafed.spec.strategy.maxUnavailable").stdout

    assert "How many pods may be unavailable" in told
