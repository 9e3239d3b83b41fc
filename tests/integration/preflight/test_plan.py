"""What `plan` shows of pods, nodes, budgets and other tools; its exit codes and formats."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import Any

import yaml

from testbed.client import Client
from testbed.plugin import PROGRAM
from tests.integration.shop import CAFED, NAME, TWO_CELLS, Shop, name, phase, ready, set_gate
from tests.integration.stage import Stage
from tests.integration.test_budgets import guarded

TO_V2 = ("plan", NAME, "--image", "main=app:v2")


def test_nothing_to_do_is_zero_changes_are_one_and_an_error_is_above(shop: Shop) -> None:
    shop.born(1)

    assert shop.cafe("plan", NAME).code == 0
    assert shop.cafe(*TO_V2).code == 1
    assert shop.cafe("plan", "nobody").code == 2
    assert shop.cafe("plan", NAME, "--image", "mian=app:v2").code == 2


def test_what_cant_go_in_place_is_shown_with_its_paths_and_the_rest_of_the_plan(
    shop: Shop,
) -> None:
    shop.born(1)
    cafed = shop.cafed()
    container = cafed["spec"]["template"]["spec"]["containers"][0]
    changed = {**container, "image": "app:v2", "env": [{"name": "A", "value": "b"}]}
    shop.edit({"template": {"spec": {"containers": [changed]}}})

    done = shop.cafe("plan", NAME)

    assert done.code == 7
    assert "upgrade, not possible in place" in done.out
    assert "not in place: spec.template.spec.containers[main].env" in done.out
    assert "image of main  app:v1  app:v2" in done.out


def test_the_document_names_every_pod_by_group_and_cell(shop: Shop) -> None:
    pods = {name(pod) for pod in shop.born(4, cells=TWO_CELLS)}

    done = shop.cafe(*TO_V2, "-o", "json")

    plan = done.document()
    assert (plan["kind"], plan["needed"], plan["refused"], plan["inPlace"]) == (
        "ReleasePlan",
        True,
        False,
        True,
    )
    cells = [cell for step in plan["steps"] for cell in step["cells"]]
    assert {pod for cell in cells for pod in cell["pods"]} == pods
    assert {cell["cell"] for cell in cells} == set(TWO_CELLS)
    assert plan["changes"] == [{"path": "image of main", "old": "app:v1", "new": "app:v2"}]
    levels = {finding["level"] for finding in plan["findings"]}
    assert levels == {"warning", "not checked", "ok"}
    assert yaml.safe_load(shop.cafe(*TO_V2, "-o", "yaml").out)["steps"] == plan["steps"]


def test_name_lists_the_pods_alone(shop: Shop) -> None:
    pods = shop.born(2)

    done = shop.cafe(*TO_V2, "-o", "name")

    assert sorted(done.out.split()) == [f"pod/{name(pod)}" for pod in pods]


def test_a_terminal_of_80_columns_holds_every_line_but_commands(shop: Shop) -> None:
    shop.born(12)

    shown = in_a_terminal(shop, *TO_V2)

    lines = [line for line in shown.splitlines() if not line.startswith("  next:")]
    assert max(map(len, lines)) <= 80
    assert "more" in shown


def in_a_terminal(shop: Shop, *args: str) -> str:
    """What the command prints to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig), "COLUMNS": "80"}
    command = [PROGRAM, *args, "-n", shop.cafe.namespace]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=env) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # The other side is closed: it has ended.
                break
        running.wait(30)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def test_a_tool_that_applied_the_image_is_told_with_the_path_that_it_owns(shop: Shop) -> None:
    body = shop.make(1)
    applied: dict[str, Any] = {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": {"name": NAME},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "app:v1"}]}}},
    }
    path = shop.client.path(CAFED, NAME)
    query = {"fieldManager": "gitops", "force": "true"}
    shop.client.request("PATCH", path, applied, "application/apply-patch+yaml", query)
    assert shop.upgrade().code == 0

    done = shop.cafe(*TO_V2)

    assert "warning: gitops owns spec.template.spec.containers, which this release" in done.out


def test_c64_a_budget_without_room_now_is_told_before_the_release(shop: Shop) -> None:
    pods = shop.born(3)
    guarded(shop, 1, minAvailable=2)
    set_gate(shop.client, pods[0], "cafe.sofastack.io/in-service", "False")
    shop.until_pod(lambda pod: not ready(pod), "the kubelet to follow")

    done = shop.cafe(*TO_V2)

    assert "allows no disruption now: no healthy pod is upgraded until it does" in done.out
    assert f"1 of 3 pods unavailable: {name(pods[0])} (out of traffic)" in done.out


def test_c80_a_lost_node_is_told_with_its_pods(stage: Stage) -> None:
    pod = stage.born(mode="label")
    stage.kubelet.lose()
    stage.until(lambda pod: not ready(pod), "the pod to be lost")

    done = stage.shop.cafe(*TO_V2)

    assert f"warning: node {stage.kubelet.name} is lost with {name(pod)}" in done.out


def test_an_image_that_the_pods_node_has_already_is_well(stage: Stage, client: Client) -> None:
    stage.born()
    images = {"status": {"images": [{"names": ["docker.io/library/app:v2"], "sizeBytes": 1}]}}
    client.within(None).patch("nodes", stage.kubelet.name, images, "status")

    done = stage.shop.cafe(*TO_V2, "-o", "wide")

    assert "ok: image app:v2 is present on 1 of 1 node" in done.out


def test_a_driver_that_is_alive_is_told(shop: Shop) -> None:
    shop.born(2, drainSeconds=60, maxUnavailable=1)
    running = shop.start("app:v2")
    shop.until_pod(phase, "a pod to be taken")

    done = shop.cafe(*TO_V2)

    running.kill9()
    assert ": that driver carries out your command" in done.out
    assert "warning: upgrade is not allowed while the release is Progressing" in done.out


def test_a_spec_that_pauses_the_release_is_told(shop: Shop) -> None:
    shop.born(1)
    shop.edit({"strategy": {"pause": True}})

    done = shop.cafe(*TO_V2)

    assert "warning: spec.strategy.pause is true" in done.out
