"""A template that somebody edited is not that of the revision that its label names (A2)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment import edited_templates
from kubectl_cafe.assessment.pod import PodState, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Conflict, UnknownOutcome
from kubectl_cafe.client.transport import PatchKind, SessionTransport
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import everywhere
from kubectl_cafe.podsets import Workload
from kubectl_cafe.podsets.commits import SENT
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.reconcile.decide import decide
from tests.unit.builders import REVISIONS, cafe_object, release, snapshot, template, upgraded
from tests.unit.cache.test_cache import pod_object, seen
from tests.unit.server import Server

SETS = InPlaceSet()
SET = paths.replicasets("stores", "shop")


def replicaset(version: int = 3, revision: str = "v2") -> dict[str, Any]:
    """Our ReplicaSet at `revision`, whose template the server has left as it was sent."""
    body = copy.deepcopy(
        dict(SETS.create(cafe_object(), "", revision, template(f"app:{revision}")).body)
    )
    meta = {**body["metadata"], "uid": "uid-set", "resourceVersion": str(version), "generation": 1}
    noted = meta["annotations"][names.COMMITTED].removeprefix(SENT)
    meta["annotations"] = {names.COMMITTED: noted}
    return {**body, "metadata": meta, "status": {"observedGeneration": 1}}


def changed(**container: Any) -> Workload:
    """The ReplicaSet after somebody has edited its only container."""
    obj = replicaset()
    obj["spec"]["template"]["spec"]["containers"][0].update(container)
    return SETS.parse(obj)


IMAGE, ENV = {"image": "app:evil"}, {"env": [{"name": "DEBUG", "value": "1"}]}


def found(workload: Workload) -> tuple[str, ...]:
    return edited_templates.paths(workload, REVISIONS)


def test_a_template_as_it_was_committed_is_not_edited() -> None:
    assert found(SETS.parse(replicaset())) == ()


@pytest.mark.guard("a-commit-under-way-is-no-edit")
@pytest.mark.parametrize("left_as_sent", [True, False], ids=["as sent", "with defaults"])
def test_a_template_whose_answer_is_not_noted_yet_is_not_edited(left_as_sent: bool) -> None:
    """The driver may be killed between the commit and the note."""
    obj = replicaset()
    notes = obj["metadata"]["annotations"]
    notes[names.COMMITTED] = SENT + notes[names.COMMITTED]
    if not left_as_sent:
        obj["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst"
    workload = SETS.parse(obj)
    assert (found(workload), workload.template_edited) == ((), False)


@pytest.mark.guard("a-template-is-compared-itself")
def test_an_image_that_somebody_set_is_named_by_its_path() -> None:
    assert found(changed(**IMAGE)) == ("spec.template.spec.containers[main].image",)


def test_what_somebody_added_counts_as_well() -> None:
    assert found(changed(**ENV)) == ("spec.template",)


def test_a_label_of_the_template_counts_as_well() -> None:
    obj = replicaset()
    obj["spec"]["template"]["metadata"]["labels"]["app"] = "x"
    assert found(SETS.parse(obj)) == ("spec.template.metadata.labels.app",)


def test_a_template_that_says_it_is_of_no_known_revision_is_edited() -> None:
    obj = replicaset()
    obj["spec"]["template"]["metadata"]["labels"][names.REVISION] = "mine"
    assert found(SETS.parse(obj)) == ("spec.template",)


def test_replicas_and_annotations_of_the_workload_are_no_edit() -> None:
    obj = replicaset()
    obj["spec"]["replicas"] = 7
    obj["metadata"]["annotations"]["example.com/note"] = "x"
    assert found(SETS.parse(obj)) == ()


def test_of_a_workload_that_an_older_version_committed_the_images_tell() -> None:
    older = [replace(changed(**what), committed="") for what in (IMAGE, ENV)]
    assert [bool(found(one)) for one in older] == [True, False]


# What follows from it


def committing(workload: Workload) -> Snapshot:
    record = release(step=2)
    return snapshot(
        upgraded("a"),
        upgraded("b"),
        record=record,
        workloads=(replace(workload, replicas=2),),
    )


@pytest.mark.guard("a-commit-writes-an-edited-template")
def test_the_commit_writes_the_template_although_its_label_names_the_goal_already() -> None:
    (write,) = decide(committing(changed(**IMAGE))).workloads
    assert write.body["spec"]["template"]["spec"]["containers"][0]["image"] == "app:v2"
    assert decide(committing(SETS.parse(replicaset()))).workloads == ()


@pytest.mark.parametrize(("what", "there"), [(None, True), (IMAGE, False), (ENV, False)])
def test_an_edited_template_is_something_to_release(
    what: dict[str, Any] | None, there: bool
) -> None:
    around = Around(tuple(REVISIONS.values()), (changed(**(what or {})),), (upgraded("a"),))
    assert everywhere(around, "v2", template("app:v2")) is there


def test_it_is_noted_with_the_workload_and_the_path() -> None:
    (said,) = edited_templates.noted((changed(**IMAGE),), REVISIONS)
    assert said.startswith("the template of ReplicaSet shop differs from v2 (spec.template.")


def born(images: dict[str, Any]) -> PodState:
    """Where a pod stands that the workload has made with the image app:evil, labelled v2."""
    obj = replicaset()
    obj["spec"]["template"]["spec"]["containers"][0].update(images)
    return row("app:evil", obj)


def row(image: str, obj: dict[str, Any]) -> PodState:
    """Where a pod stands that the ReplicaSet has made with this image, labelled v2."""
    of = Cache("uid-cafe", SETS)
    of.workloads.event("ADDED", obj)
    made = pod_object(
        5,
        metadata={"generation": 1, "labels": {names.REVISION: "v2"}},
        spec={"containers": [{"name": "main", "image": image}]},
    )
    of.pod_event("ADDED", made, 0.0)
    shown = seen(of)
    (pod,) = shown.pods.values()
    return assess(pod, shown).row


@pytest.mark.guard("an-edited-template-proves-no-creation")
def test_c55_a_pod_that_an_edited_template_made_is_of_no_revision() -> None:
    """Under the template as it was committed admission has rewritten the image."""
    assert (born(IMAGE), born({})) == (PodState.DRIFT, PodState.AT_GOAL)


def test_other_fields_that_were_edited_leave_the_images_vouched_for() -> None:
    assert born(ENV) is PodState.AT_GOAL


# How it is known


class Keeping(Server):
    """A server that replaces a template where it is told to, and fills in `defaults`."""

    def __init__(self, **defaults: str) -> None:
        super().__init__({SET: replicaset(revision="v1")})
        self.defaults = defaults

    def patch(
        self, path: str, body: dict[str, Any], kind: PatchKind, query: Any = None, **more: Any
    ) -> dict[str, Any]:
        super().patch(path, body, kind, query, **more)
        if "spec" in body:
            made = copy.deepcopy(body["spec"]["template"])
            made.pop("$patch")
            made["spec"] |= self.defaults
            self.objects[path]["spec"]["template"] = made
        return copy.deepcopy(self.objects[path])


def committed(server: Keeping, cache: Cache | None = None) -> Writers:
    """Who has committed v2 to the server's ReplicaSet."""
    known = cache or Cache("uid-cafe", SETS)
    actor = Writers(cast(SessionTransport, server), "stores", known, workers=0)
    write = SETS.commit(cafe_object(), SETS.parse(server.get(SET)), "v2", template("app:v2"))
    actor.workloads.write([write])
    return actor


@pytest.mark.guard("what-the-server-made-of-a-template-is-kept")
def test_what_the_server_made_of_the_template_is_kept_with_it() -> None:
    server = Keeping(restartPolicy="Always")
    cache = Cache("uid-cafe", SETS)

    committed(server, cache)

    (kept,) = cache.workloads.all()
    assert "restartPolicy" in kept.template["spec"]
    assert (kept.edited, kept.shown) == (False, kept.committed)


@pytest.mark.guard("a-template-that-came-out-as-sent-is-noted")
def test_a_template_that_the_server_leaves_as_it_is_is_noted_as_well() -> None:
    server = Keeping()

    committed(server)

    assert not server.get(SET)["metadata"]["annotations"][names.COMMITTED].startswith(SENT)
    server.objects[SET]["spec"]["template"]["spec"]["containers"][0]["image"] = "app:evil"
    assert SETS.parse(server.get(SET)).template_edited


class Busy(Keeping):
    """A controller that writes the status between a commit and the note of its answer."""

    meanwhile: Callable[[dict[str, Any]], object] = staticmethod(lambda _obj: None)

    def patch(
        self, path: str, body: dict[str, Any], kind: PatchKind, query: Any = None, **more: Any
    ) -> dict[str, Any]:
        judged = body["metadata"]["resourceVersion"]
        if judged != self.objects[path]["metadata"]["resourceVersion"]:
            raise Conflict("stale", where=path)
        answer = super().patch(path, body, kind, query, **more)
        if "spec" in body:
            self.objects[path]["metadata"]["resourceVersion"] += "0"
            self.meanwhile(self.objects[path])
        return answer


@pytest.mark.guard("the-note-of-a-template-outlives-another-write")
def test_what_came_of_a_template_is_noted_although_its_controller_wrote_meanwhile() -> None:
    server = Busy()

    committed(server)

    assert not server.get(SET)["metadata"]["annotations"][names.COMMITTED].startswith(SENT)


def test_what_came_of_a_template_is_not_noted_over_a_later_commit() -> None:
    server = Busy()
    server.meanwhile = lambda obj: obj["metadata"]["annotations"].update({names.COMMITTED: "b c"})

    committed(server)

    assert server.get(SET)["metadata"]["annotations"][names.COMMITTED] == "b c"


class Mute(Keeping):
    """A server whose answer to the note of a template is lost."""

    def patch(
        self, path: str, body: dict[str, Any], kind: PatchKind, query: Any = None, **more: Any
    ) -> dict[str, Any]:
        if names.COMMITTED in body["metadata"].get("annotations", {}) and "spec" not in body:
            raise UnknownOutcome("no answer", where=path)
        return super().patch(path, body, kind, query, **more)


@pytest.mark.guard("a-note-without-an-answer-keeps-the-lease")
def test_i7_a_note_without_an_answer_is_headed_off_before_the_lease_is_given_back() -> None:
    server = Mute()

    actor = committed(server)
    before = actor.answered
    actor.workloads.write([])

    assert (before, actor.answered) == (False, True)


def test_of_an_older_versions_workload_whose_revision_is_gone_nothing_can_be_told() -> None:
    obj = replicaset()
    obj["metadata"]["annotations"] = {}
    assert edited_templates.paths(SETS.parse(obj), {}) == ()


def test_a_template_that_names_no_revision_is_noted_as_that_of_none() -> None:
    obj = replicaset()
    del obj["spec"]["template"]["metadata"]["labels"][names.REVISION]
    (said,) = edited_templates.noted((SETS.parse(obj),), REVISIONS)
    assert said.startswith(
        "the template of ReplicaSet shop differs from its revision (spec.template)"
    )
