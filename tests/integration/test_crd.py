"""The resource at `kubectl apply`: what it accepts, its defaults, and what kubectl shows of it.

Nothing here needs a pod, so most objects are sent as a server-side dry run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.applied import GOOD, Kubectl, changed, tried

EXAMPLES = Path(__file__).parents[2] / "examples"


def spec_of(kubectl: Kubectl, cafed: dict[str, Any]) -> dict[str, Any]:
    """The spec of `cafed` with the server's defaults."""
    done = tried(kubectl, cafed)
    assert done.returncode == 0, done.stderr
    spec: dict[str, Any] = json.loads(done.stdout)["spec"]
    return spec


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


def test_kubectl_get_shows_the_release_in_columns(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", given=GOOD).returncode == 0
    status = {
        "replicas": 11,
        "updatedReplicas": 6,
        "readyReplicas": 9,
        "state": "AwaitingConfirm",
        "group": "2/3",
        "observedGeneration": 1,
        "selector": "app=productpage",
    }
    body = json.dumps({"status": status})
    patched = kubectl(
        *("patch", "cafedeployment", "productpage", "--subresource=status", "--type=merge"),
        *("-p", body),
    )
    assert patched.returncode == 0, patched.stderr

    header, row = kubectl("get", "cafed").stdout.splitlines()
    heads = "NAME DESIRED CURRENT UPDATED READY STATE GROUP GENERATION OBSERVED AGE"
    assert header.split() == heads.split()
    assert row.split()[:9] == [
        "productpage",
        "10",
        "11",
        "6",
        "9",
        "AwaitingConfirm",
        "2/3",
        "1",
        "1",
    ]


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
