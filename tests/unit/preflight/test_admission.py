"""What admission says to the first writes, and which writes those are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.client.errors import (
    AdmissionFailed,
    Conflict,
    Forbidden,
    Invalid,
    UnknownOutcome,
    Unreachable,
)
from kubectl_cafe.planning.finding import Level
from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.preflight import admission, dry_runs
from kubectl_cafe.preflight.answers import Case, Trial
from tests.unit.builders import pod, template
from tests.unit.preflight.cases import AT_V1, MAY_NOT, V2, create, said, upgrade

POLICY = (
    "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'signed' denied request: app:v2 has "
    "no signature"
)


def stored(image: str) -> dict[str, Any]:
    """A pod as the server would store it."""
    return {"spec": {"containers": [{"name": "main", "image": image}]}}


def tried(answer: Any, what: str = "image", pod: str = "a") -> Trial:
    return Trial("", pod, what, {"main": "app:v2"} if what == "image" else {}, answer)


def judged(*made: Trial) -> list[str]:
    return said(admission.judge(made, "stores"))


def writes(of: Case) -> list[PodPatch]:
    return [
        a.patch for assessment in dry_runs.chosen(of) for a in dry_runs.attempts(of, assessment)
    ]


def test_writes_that_pass_are_well() -> None:
    (found,) = judged(tried(stored("app:v2")))
    assert found == "ok: dry run of the first writes passed on a"


def test_where_nothing_was_tried_nothing_is_well() -> None:
    assert judged() == []


@pytest.mark.guard("a-policys-refusal-is-refused")
def test_a_policys_refusal_is_refused_with_its_own_words() -> None:
    (found,) = judged(tried(Invalid("x", server_message=POLICY)))
    assert found == f"refused: the API server refuses the image patch: {POLICY}"


def test_a_webhooks_refusal_is_refused() -> None:
    webhook = 'admission webhook "no.example.com" denied the request: not on a Friday'
    (found,) = judged(tried(Forbidden("x", server_message=webhook)))
    assert found.startswith("refused: ")


def test_a_right_that_is_missing_is_no_admissions_word() -> None:
    (found,) = judged(tried(MAY_NOT))
    assert found.startswith("not checked: ")


def test_a_webhook_that_takes_no_dry_run_is_not_known() -> None:
    side = 'admission webhook "books.example.com" does not support dry run'
    (found,) = judged(tried(Invalid("x", server_message=side)))
    assert found.startswith("not checked: ")


def test_a_webhook_that_does_not_answer_is_a_warning() -> None:
    down = 'failed calling webhook "no.example.com": connection refused'
    (found,) = judged(tried(UnknownOutcome("x", server_message=down)))
    assert found.startswith("warning: ")


def test_a_webhook_that_is_down_is_a_warning() -> None:
    down = 'failed calling webhook "no.example.com": connection refused'
    (found,) = judged(tried(AdmissionFailed("x", server_message=down)))
    assert found == f"warning: the API server failed on the image patch: {down}"


@pytest.mark.guard("the-commit-is-tried-before")
def test_the_commit_of_every_workload_with_another_template_is_tried() -> None:
    ((cell, write),) = dry_runs.commits(upgrade(pod("a", labels=AT_V1)))

    assert (cell, write.create, set(write.body["metadata"])) == ("", False, {"uid"})
    template = write.body["spec"]["template"]
    assert template["metadata"]["labels"][names.REVISION] == V2


def test_a_refused_commit_is_refused_with_its_workload() -> None:
    (found,) = admission.judge(
        [tried(Forbidden("x", server_message="frozen"), "commit", "shop")], "stores"
    )
    assert (found.level, found.where) == (Level.REFUSED, "replicaset/shop in namespace stores")
    assert found.message == "the API server refuses the new template of a ReplicaSet: frozen"


@pytest.mark.parametrize("error", [Conflict("stale"), Unreachable("gone")])
def test_a_trial_without_an_answer_is_no_pass(error: Exception) -> None:
    (found,) = judged(tried(error))
    assert found.startswith("not checked: ")


def test_the_same_refusal_in_two_cells_is_told_once() -> None:
    refusal = Invalid("x", server_message="no")
    assert len(judged(tried(refusal, pod="a"), tried(refusal, pod="b"))) == 1


@pytest.mark.guard("an-image-that-admission-rewrites-is-reported")
def test_an_image_that_admission_rewrites_is_told() -> None:
    (found,) = judged(tried(stored("mirror.example/app:v2")))
    assert found.startswith("warning: admission replaces app:v2 by mirror.example/app:v2")


def test_a_refused_creation_is_a_warning_for_somebody_else_creates_the_pods() -> None:
    (found,) = judged(tried(Forbidden("x", server_message="violates PodSecurity"), "creation", ""))
    assert found == "warning: the API server refuses a new pod: violates PodSecurity"


def test_in_gate_mode_the_gate_and_the_images_are_tried() -> None:
    off, image = writes(upgrade(pod("a", labels=AT_V1)))
    assert (off.status, off.body["status"]["conditions"][0]["status"]) == (True, "False")
    assert image.body["spec"] == {"containers": [{"name": "main", "image": "app:v2"}]}
    assert image.body["metadata"]["labels"][names.REVISION] == V2


def test_without_a_traffic_switch_the_images_alone_are_tried() -> None:
    (image,) = writes(upgrade(pod("a", gated=False, gate=ABSENT, labels=AT_V1)))
    assert image.what == "image"


def test_labels_alone_are_tried_as_labels() -> None:
    (labels,) = writes(upgrade(pod("a", labels=AT_V1), to=template("app:v1", tier="web")))
    assert labels.what == "relabel"


def test_one_pod_of_each_cell_is_tried_and_a_healthy_one_if_there_is_any() -> None:
    cells = {"a1": "A", "a2": "A", "b1": "B"}
    pods = [pod(n, labels={**AT_V1, names.CELL: cell}) for n, cell in cells.items()]
    pods[0] = replace(pods[0], ready=Condition("False", "ContainersNotReady"))
    spec = {"topology": {"unitType": "Cell", "values": ["A", "B"]}}
    assert [s.pod.name for s in dry_runs.chosen(upgrade(*pods, **spec))] == ["a2", "b1"]


def test_a_release_that_is_refused_anyway_is_not_tried() -> None:
    assert dry_runs.chosen(upgrade(to=template("not an image"))) == []


def test_a_pod_that_was_written_meanwhile_is_tried_as_it_is_now() -> None:
    of = upgrade(pod("a", labels=AT_V1))
    again = dry_runs.again(of, pod("a", labels=AT_V1, resource_version="8"), "image")
    assert again is not None
    assert again.patch.resource_version == "8"


def test_a_pod_that_is_no_longer_to_be_taken_is_not_tried_again() -> None:
    of = upgrade(pod("a", labels=AT_V1))
    assert dry_runs.again(of, pod("a", labels=AT_V1, terminating=True), "image") is None


def test_a_new_pod_is_tried_as_its_replicaset_makes_it() -> None:
    ((cell, body),) = dry_runs.created_pods(create())
    assert cell == ""
    assert body["metadata"]["generateName"] == "shop-"
    assert names.REVISION in body["metadata"]["labels"]


def test_no_pod_is_created_in_an_upgrade() -> None:
    assert list(dry_runs.created_pods(upgrade())) == []
