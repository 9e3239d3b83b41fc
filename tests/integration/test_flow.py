"""A release from its first group to its last, and what people say to it on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.shop import (
    CAFED,
    CONFIRMED,
    GATE,
    NAME,
    SECONDS,
    TRAFFIC,
    Shop,
    condition,
    image,
    name,
    phase,
    ready,
    set_gate,
    status,
)

TWO_CELLS = ("CellA", "CellB")
CELL = "cafe.sofastack.io/cell"
REVISION = "cafe.sofastack.io/revision"
REPLICASETS = "apps/v1/replicasets"
OTHER = "example.com/load-balancer"
SLOW = {"testbed.cafe/kill-ms": "2500"}
"""Pods that take so long to restart that a verb can come in between."""


def per_cell(shop: Shop, wanted: str) -> dict[str, int]:
    """How many pods of each cell have an image in their spec."""
    pods = [pod for pod in shop.pods() if image(pod) == wanted]
    return dict(Counter(pod["metadata"]["labels"][CELL] for pod in pods))


def templates(shop: Shop) -> set[str]:
    """The images that replacements would be born with."""
    sets = shop.client.list(REPLICASETS)
    return {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in sets}


def confirm(shop: Shop, *more: str) -> int:
    """`confirm web`; the exit code."""
    return shop.cafe("confirm", NAME, *more).code


# Groups


def test_a_first_release_brings_its_pods_to_life_group_by_group(shop: Shop) -> None:
    shop.make(6, "label", TWO_CELLS, upgradeType="Beta", batchSize=2, needWaitingForConfirm=True)
    seen = [(shop.upgrade().code, per_cell(shop, "app:v1"))]
    while seen[-1][0] == 3:
        seen.append((confirm(shop), per_cell(shop, "app:v1")))

    assert seen == [
        (3, {"CellA": 1, "CellB": 1}),
        (3, {"CellA": 2, "CellB": 2}),
        (0, {"CellA": 3, "CellB": 3}),
    ]
    assert all(ready(pod) for pod in shop.pods())


@pytest.mark.guard("group-counts-per-cell")
def test_an_upgrade_goes_group_by_group_and_waits_for_a_person_between_them(shop: Shop) -> None:
    shop.born(6, "label", TWO_CELLS, upgradeType="Beta", batchSize=2, confirm=True)

    seen = [(shop.upgrade("app:v2").code, per_cell(shop, "app:v2"))]
    while seen[-1][0] == 3:
        seen.append((confirm(shop), per_cell(shop, "app:v2")))

    assert seen == [
        (3, {"CellA": 1, "CellB": 1}),
        (3, {"CellA": 2, "CellB": 2}),
        (0, {"CellA": 3, "CellB": 3}),
    ]


def test_pods_outside_the_group_are_not_written(shop: Shop) -> None:
    """I6."""
    shop.born(4, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    before = {name(pod): pod["metadata"]["resourceVersion"] for pod in shop.pods()}

    assert shop.upgrade("app:v2").code == 3

    untouched = [pod for pod in shop.pods() if image(pod) == "app:v1"]
    assert len(untouched) == 2
    assert all(before[name(pod)] == pod["metadata"]["resourceVersion"] for pod in untouched)


@pytest.mark.guard("commit-after-the-last-group")
def test_the_workloads_keep_the_old_template_until_the_last_group_is_over(shop: Shop) -> None:
    shop.born(2, "label", batchSize=1, confirm=True)
    seen = [templates(shop)]
    assert shop.upgrade("app:v2").code == 3
    seen.append(templates(shop))
    assert confirm(shop) == 0
    seen.append(templates(shop))

    assert seen == [{"app:v1"}, {"app:v1"}, {"app:v2"}]


def test_min_ready_seconds_pass_before_a_group_is_over(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1)
    shop.edit({"strategy": {"minReadySeconds": 3}})
    before = len(shop.writes("pods"))

    assert shop.upgrade("app:v2").code == 0

    first, second = shop.writes("pods")[before:]
    # Kubelets write whole seconds, cut: up to one of the three is lost in that.
    assert (second.time - first.time).total_seconds() >= 2


@pytest.mark.guard("percent-is-a-limit")
def test_c73_two_replicas_in_two_cells_with_all_defaults_are_never_down_at_once(
    shop: Shop,
) -> None:
    shop.make(2, "gate", TWO_CELLS)
    shop.edit({"strategy": None})
    assert shop.upgrade().code == 0
    pods, since = shop.pods(), shop.now()

    assert shop.upgrade("app:v2").code == 0

    shown = {name(pod): ready(pod) for pod in pods}
    assert set(shown.values()) == {True}
    for pod in shop.history("pods", since):
        shown[name(pod)] = ready(pod)
        assert any(shown.values())
    assert shop.images() == ["app:v2", "app:v2"]


# Nothing or little to do


def test_c54_a_release_without_pods_commits_the_template_all_the_same(shop: Shop) -> None:
    shop.born(0, "label", TWO_CELLS)

    assert shop.upgrade("app:v2").code == 0

    assert shop.state() == "Completed"
    assert templates(shop) == {"app:v2"}


@pytest.mark.guard("empty-cells-have-no-canary")
def test_c54_a_cell_without_pods_is_done_at_once(shop: Shop) -> None:
    shop.make(2, "label", TWO_CELLS, upgradeType="Beta")
    shop.edit({"topology": {"unitReplicas": {"CellA": 0}}})
    assert shop.upgrade().code == 0

    assert shop.upgrade("app:v2").code == 0

    assert per_cell(shop, "app:v2") == {"CellB": 2}
    assert templates(shop) == {"app:v2"}


def relabel(shop: Shop) -> Object:
    """Change a label and an annotation of the template, and nothing else."""
    meta = {"labels": {"team": "payments"}, "annotations": {"note": "seen"}}
    return shop.edit({"template": {"metadata": meta}})


@pytest.mark.guard("labels-alone-switch-nothing")
@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c78_labels_and_annotations_cost_one_write_and_no_restart(shop: Shop, mode: str) -> None:
    pods, before = shop.born(2, mode), len(shop.writes("pods"))
    since = shop.now()
    relabel(shop)

    assert shop.upgrade().code == 0

    assert Counter(r.name for r in shop.writes("pods")[before:]) == {name(p): 1 for p in pods}
    assert all(ready(pod) for pod in shop.history("pods", since))
    for old, new in zip(pods, shop.pods(), strict=True):
        assert new["metadata"]["labels"]["team"] == "payments"
        assert new["metadata"]["annotations"]["note"] == "seen"
        assert new["metadata"]["generation"] == old["metadata"]["generation"]
        assert status(new)["containerID"] == status(old)["containerID"]


@pytest.mark.guard("selector-labels-stay")
def test_c57_a_label_that_the_workloads_select_by_is_refused_with_its_path(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    shop.edit({"template": {"metadata": {"labels": {CELL: "CellA"}}}})
    before = len(shop.writes())

    done = shop.upgrade("app:v2")

    assert (done.code, len(shop.writes())) == (7, before)
    assert f"spec.template.metadata.labels[{CELL}]" in done.err


def test_c57_labels_that_the_owner_selects_by_stay(shop: Shop) -> None:
    before = shop.born(2, "label", TWO_CELLS)

    assert shop.upgrade("app:v2").code == 0

    for old, new in zip(before, shop.pods(), strict=True):
        for key in ("app", CELL):
            assert new["metadata"]["labels"][key] == old["metadata"]["labels"][key]
        assert new["metadata"]["ownerReferences"] == old["metadata"]["ownerReferences"]


# Confirmations


def waiting(shop: Shop, mode: str = "label") -> None:
    """Three pods, one a group; the first is upgraded and the second waits for a person."""
    shop.born(3, mode, batchSize=1, confirm=True)
    done = shop.upgrade("app:v2")
    assert done.code == 3
    assert f"kubectl cafe confirm {NAME} -n {shop.client.namespace} --group 2" in done.err


@pytest.mark.guard("a-repeat-confirms-nothing")
def test_a_repeat_of_confirm_with_its_group_is_refused(shop: Shop) -> None:
    waiting(shop)
    assert confirm(shop, "--group", "2") == 3

    repeat = shop.cafe("confirm", NAME, "--group", "2")

    assert repeat.code == 7
    assert "group 2 does not wait for a confirmation, group 3 does" in repeat.err
    assert "--group 3" in repeat.err
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]


def test_a_confirmation_where_none_is_awaited_is_refused_with_what_is_legal(shop: Shop) -> None:
    shop.born(1)

    done = shop.cafe("confirm", NAME)

    assert done.code == 7
    assert "legal now: upgrade, rollback" in done.err


@pytest.mark.parametrize("value", ["true", "2"])
def test_kubectl_annotate_confirms_and_whoever_drives_next_goes_on(shop: Shop, value: str) -> None:
    waiting(shop)
    shop.annotate({CONFIRMED: value})

    assert shop.cafe("drive", NAME).code == 3

    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]
    who = [entry["who"] for entry in shop.record()["journal"] if entry["trigger"] == "confirm"]
    assert who == ["unknown, see the audit log"]
    assert shop.cafed()["metadata"]["annotations"][CONFIRMED] == "false"


@pytest.mark.guard("annotation-confirms-the-group-that-waits")
def test_an_annotation_with_another_groups_number_confirms_nothing(shop: Shop) -> None:
    waiting(shop)
    shop.annotate({CONFIRMED: "3"})

    assert shop.cafe("drive", NAME).code == 3

    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]


def test_a_pipelines_second_run_drives_on_instead_of_starting_anew(shop: Shop) -> None:
    waiting(shop)
    release = shop.record()["id"]

    done = shop.upgrade("app:v2")

    assert done.code == 3
    assert "under way" in done.err
    assert shop.record()["id"] == release


def test_another_target_over_an_unfinished_release_is_refused(shop: Shop) -> None:
    waiting(shop)
    before = len(shop.writes())

    done = shop.upgrade("app:v3")

    assert (done.code, len(shop.writes())) == (7, before)
    assert "legal now: confirm, pause, rollback, abort" in done.err


# Pause and resume


@pytest.mark.guard("nothing-is-taken-in-a-pause")
@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c58_pause_in_the_middle_of_a_batch_takes_no_pod_and_those_in_flight_finish(
    shop: Shop, mode: str
) -> None:
    shop.born(4, mode, notes=SLOW, maxUnavailable=1)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: image(pod) == "app:v2", "a pod in flight")

    said = shop.cafe("pause", NAME)
    driver = running.wait()

    assert (said.code, driver.code, shop.state()) == (0, 3, "Paused")
    assert all(ready(pod) for pod in shop.pods())
    upgraded = [pod for pod in shop.pods() if image(pod) == "app:v2"]
    assert 1 <= len(upgraded) < 4
    assert all(status(pod)["image"].endswith("v2") for pod in upgraded)
    assert all(condition(pod, GATE).get("status", "True") == "True" for pod in shop.pods())

    assert shop.cafe("resume", NAME).code == 0
    assert shop.images() == ["app:v2"] * 4


def test_pause_and_resume_are_refused_when_repeated(shop: Shop) -> None:
    waiting(shop)
    assert shop.cafe("pause", NAME).code in (0, 3)

    assert shop.cafe("pause", NAME).code == 7
    assert shop.cafe("resume", NAME).code == 3
    assert shop.cafe("resume", NAME).code == 7


def test_resume_into_a_wait_asks_for_the_confirmation_anew(shop: Shop) -> None:
    waiting(shop)
    shop.cafe("pause", NAME)
    shop.annotate({CONFIRMED: "true"})

    assert shop.cafe("resume", NAME).code == 3

    assert shop.state() == "AwaitingConfirm"
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]


# Failure, and the ways out


def failed(shop: Shop) -> Object:
    """Two pods of which the first can't pull its new image; the broken pod."""
    shop.born(2, "gate", batchSize=1)
    done = shop.upgrade("app:missing")
    assert (done.code, shop.state()) == (4, "Failed")
    (broken,) = [pod for pod in shop.pods() if image(pod) == "app:missing"]
    said = done.err
    assert f"{name(broken)}/main: " in said
    assert "ErrImagePull" in said or "ImagePullBackOff" in said
    assert "app:missing" in said
    assert condition(broken, GATE)["status"] != "True"
    return broken


def test_a_failed_group_is_named_and_mended_by_rollback(shop: Shop) -> None:
    broken = failed(shop)
    (whole,) = [pod for pod in shop.pods() if name(pod) != name(broken)]

    assert shop.cafe("rollback", NAME).code == 0

    assert shop.state() == "RolledBack"
    assert shop.images() == ["app:v1", "app:v1"]
    assert all(ready(pod) for pod in shop.pods())
    after = shop.client.get("pods", name(whole))
    assert status(after)["containerID"] == status(whole)["containerID"]


@pytest.mark.guard("a-stuck-pod-may-be-changed")
def test_c75_a_failed_release_is_aborted_and_the_next_takes_every_pod_to_v3(shop: Shop) -> None:
    failed(shop)

    aborted = shop.cafe("abort", NAME)
    assert (aborted.code, shop.state()) == (0, "Aborted")
    said = shop.cafe("status", NAME)
    assert "1 pods are left out of traffic" in said.out + said.err

    assert shop.upgrade("app:v3").code == 0
    assert shop.images() == ["app:v3", "app:v3"]
    assert all(ready(pod) for pod in shop.pods())
    assert {phase(pod) for pod in shop.pods()} == {"finished"}


def unready(shop: Shop) -> Object:
    """One pod whose new version never becomes Ready until somebody else's gate opens."""
    pod_spec = {"readinessGates": [{"conditionType": OTHER}]}
    shop.make(1, "gate", pod=pod_spec)
    running = shop.cafe.start("upgrade", NAME, "--yes")
    pod = shop.until_pod(lambda pod: condition(pod, GATE).get("status") == "True", "its opening")
    set_gate(shop.client, pod, OTHER, "True")
    assert running.wait().code == 0
    shop.edit({"strategy": {"progressDeadlineSeconds": 2}})
    set_gate(shop.client, pod, OTHER, "False")
    wait_for(lambda: not ready(shop.pods()[0]), "the pod to be unready")
    done = shop.upgrade("app:v2")
    assert (done.code, shop.state()) == (4, "Failed")
    assert "ProgressDeadlineExceeded" in done.err
    return shop.pods()[0]


@pytest.mark.guard("deadline-fails-the-group")
def test_c76_a_version_that_never_becomes_ready_fails_at_the_deadline_and_retry_goes_on(
    shop: Shop,
) -> None:
    pod = unready(shop)
    restarts = status(pod)["restartCount"]
    set_gate(shop.client, pod, OTHER, "True")

    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 0

    assert shop.state() == "Completed"
    assert status(shop.pods()[0])["restartCount"] == restarts


def test_c76_retry_without_a_change_fails_again(shop: Shop) -> None:
    unready(shop)

    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 4

    assert shop.state() == "Failed"


# Abort


@pytest.mark.guard("abort-reopens-the-drained")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c59_abort_reopens_what_was_only_drained_without_a_restart(shop: Shop, mode: str) -> None:
    before = shop.born(2, mode, drainSeconds=60)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")

    said = shop.cafe("abort", NAME)
    running.wait(30)

    assert (said.code, shop.state()) == (0, "Aborted")
    assert shop.images() == ["app:v1", "app:v1"]
    assert all(ready(pod) for pod in shop.pods())
    assert [status(p)["containerID"] for p in shop.pods()] == [
        status(p)["containerID"] for p in before
    ]
    assert all(condition(pod, GATE).get("status", "True") == "True" for pod in shop.pods())
    labels = [pod["metadata"]["labels"].get(TRAFFIC, "on") for pod in shop.pods()]
    assert labels == ["on", "on"]


def test_abort_says_how_mixed_it_leaves_the_set(shop: Shop) -> None:
    waiting(shop)

    assert shop.cafe("abort", NAME).code == 0

    said = shop.cafe("status", NAME)
    assert "2 at revision 1" in said.out
    assert "1 at revision 2" in said.out
    assert templates(shop) == {"app:v1"}


# Rollback


def by_waiting(shop: Shop) -> None:
    """A release that waits for a person."""
    waiting(shop)


def by_pausing(shop: Shop) -> None:
    """A release that is paused."""
    waiting(shop)
    shop.cafe("pause", NAME)
    assert shop.state() == "Paused"


def by_completing(shop: Shop) -> None:
    """A release that ended well."""
    shop.born(3, "label", batchSize=1)
    assert shop.upgrade("app:v2").code == 0


@pytest.mark.parametrize("come", [by_waiting, by_pausing, by_completing])
def test_rollback_brings_every_pod_and_workload_back(
    shop: Shop, come: Callable[[Shop], None]
) -> None:
    come(shop)

    assert shop.cafe("rollback", NAME).code == 0

    assert shop.state() == "RolledBack"
    assert shop.images() == ["app:v1"] * 3
    assert templates(shop) == {"app:v1"}
    assert shop.cafed()["spec"]["template"]["spec"]["containers"][0]["image"] == "app:v1"
    assert all(ready(pod) for pod in shop.pods())


def test_rollback_of_an_unfinished_release_leaves_untouched_pods_alone(shop: Shop) -> None:
    """C59."""
    waiting(shop)
    untouched = {
        name(pod): pod["metadata"]["resourceVersion"]
        for pod in shop.pods()
        if image(pod) == "app:v1"
    }

    assert shop.cafe("rollback", NAME).code == 0

    after = {name(pod): pod["metadata"]["resourceVersion"] for pod in shop.pods()}
    assert {key: after[key] for key in untouched} == untouched


@pytest.mark.guard("patched-for-another-goal-goes-on")
def test_c59_rollback_of_a_patched_pod_opens_its_traffic_once(shop: Shop) -> None:
    (pod,) = shop.born(1, "gate", notes={"testbed.cafe/kill-ms": "6000"})
    since = shop.now()
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    assert shop.cafe("rollback", NAME, "--detach").code == 0
    assert running.wait(SECONDS).code == 4, "an upgrade that was rolled back has not reached v2"

    seen = [
        (image(one), condition(one, GATE)["status"] == "True")
        for one in [pod, *shop.history("pods", since)]
    ]
    assert changes(seen) == [
        ("app:v1", True),
        ("app:v1", False),
        ("app:v2", False),
        ("app:v1", False),
        ("app:v1", True),
    ]
    assert shop.state() == "RolledBack"


def changes(seen: Sequence[object]) -> list[object]:
    """What was seen, repetitions left out."""
    return [one for place, one in enumerate(seen) if place == 0 or one != seen[place - 1]]


def test_rollback_without_an_earlier_revision_is_refused(shop: Shop) -> None:
    shop.born(1)
    before = shop.writes()

    done = shop.cafe("rollback", NAME)

    assert done.code == 7
    assert "no earlier revision" in done.err
    assert shop.writes() == before


# The spec under a running release


@pytest.mark.guard("spec-changed")
def test_an_edited_spec_fails_the_running_release_and_takes_no_more_pods(shop: Shop) -> None:
    waiting(shop)
    edit = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:v9"}
    shop.client.patch(CAFED, NAME, [edit], kind="application/json-patch+json")

    done = shop.cafe("confirm", NAME)

    assert (done.code, shop.state()) == (4, "Failed")
    assert "SpecChanged" in done.err
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]


def test_replicas_alone_wait_for_the_next_release(shop: Shop) -> None:
    waiting(shop)
    shop.edit({"replicas": 5})

    assert confirm(shop) == 3

    said = shop.cafe("status", NAME)
    assert "ask for another number of pods" in said.out
    assert len(shop.pods()) == 3
