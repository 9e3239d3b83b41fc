"""What a release would be, and every way in which it is refused (protocol 2, 3, 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import propose, with_images
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.revisions.revision import Revision, name_of
from kubectl_cafe.traffic import Service
from statemachine.lifecycle import State
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import (
    cafe_object,
    container,
    drained,
    pod,
    pod_record,
    release,
    template,
    workload,
)

V1 = name_of("shop", template("app:v1"))
V2 = name_of("shop", template("app:v2"))
CELLS = {"unitType": "Cell", "values": ["CellA", "CellB"]}


def cafe(annotations: dict[str, str] | None = None, **spec: Any) -> CafeDeployment:
    """A CafeDeployment of two pods whose last allocation is recorded."""
    obj = cafe_object(**spec)
    obj["metadata"]["annotations"] = {names.ALLOCATION: '{"":2}', **(annotations or {})}
    return CafeDeployment(obj)


def running(*pods: Pod, **changes: Any) -> Around:
    """A set at v1."""
    revisions = tuple(Revision(name, 1, template(f"app:{v}")) for v, name in (("v1", V1),))
    shown = pods or tuple(pod(name, labels={names.REVISION: V1}) for name in "ab")
    return Around(revisions, (workload(2, revision=V1),), shown, **changes)


def refusal(of: CafeDeployment, around: Around | None = None, new: Any = None) -> Refused:
    """The refusal of a release to v2."""
    with pytest.raises(Refused) as caught:
        propose(of, around or running(), new or template("app:v2"))
    assert "Nothing was written" in caught.value.message
    assert caught.value.hint.startswith("kubectl ")
    return caught.value


def test_an_upgrade_names_source_target_and_steps() -> None:
    found = propose(cafe(), running(), template("app:v2"))
    assert (found.kind, found.target, found.needed) == (Kind.UPGRADE, V2, True)
    assert found.source is not None
    assert found.source.name == V1
    assert [str(step.kind) for step in found.steps] == ["upgrade", "upgrade", "commit", "sweep"]


def test_the_difference_of_an_upgrade_is_its_images() -> None:
    found = propose(cafe(), running(), template("app:v2"))
    assert found.difference.images == {"main": ("app:v1", "app:v2")}


def test_without_workloads_it_is_a_first_release() -> None:
    assert propose(cafe(), Around((), (), ()), template()).kind is Kind.CREATE


def test_a_first_release_that_did_not_complete_goes_on_being_one() -> None:
    record = encode(release(State.ABORTED, kind=Kind.CREATE))
    found = propose(cafe({names.RELEASE: record}), running(), template("app:v2"))
    assert found.kind is Kind.CREATE


def test_c7_c66_where_all_is_at_the_target_nothing_is_needed() -> None:
    assert not propose(cafe(), running(), template("app:v1")).needed


def test_a_pod_that_was_left_drained_is_a_reason_to_release() -> None:
    record = pod_record(Phase.DRAINED)
    left = drained("a", labels={names.REVISION: V1}, record=record)
    assert propose(cafe(), running(left), template("app:v1")).needed


def test_c50_a_pod_that_is_over_is_no_reason_to_release() -> None:
    pods = [pod(name, labels={names.REVISION: V1}) for name in "ab"]
    over = pod("c", phase="Failed", labels={names.REVISION: V2})
    assert not propose(cafe(), running(*pods, over), template("app:v1")).needed


def test_a_pod_at_the_target_by_its_label_alone_is_a_reason_to_release() -> None:
    image = container("C1", "app:v0")
    other = pod("b", image, generation=2, observed=2, labels={names.REVISION: V1})
    around = running(pod("a", labels={names.REVISION: V1}), other)
    assert propose(cafe(), around, template("app:v1")).needed


def test_where_no_revision_is_left_a_release_writes_it_although_all_is_at_the_target() -> None:
    around = replace(running(), revisions=())
    assert propose(cafe(), around, template("app:v1")).needed


UNHONOURED: list[tuple[str, dict[str, Any]]] = [
    ("spec.podSetType", {"podSetType": "StatefulSet"}),
    ("spec.volumeClaimTemplates", {"volumeClaimTemplates": [{}]}),
    ("spec.serviceName", {"serviceName": "x"}),
    (
        "spec.topology.autoReschedule.enable",
        {"topology": {"autoReschedule": {"enable": True}}},
    ),
    (
        "spec.selector.matchExpressions",
        {"selector": {"matchLabels": {"app": "shop"}, "matchExpressions": [{}]}},
    ),
]


@pytest.mark.parametrize(("path", "spec"), UNHONOURED, ids=[path for path, _ in UNHONOURED])
def test_what_this_version_does_not_honour_is_refused_by_its_path(
    path: str, spec: dict[str, Any]
) -> None:
    assert (
        f"not supported by this version of kubectl-cafe: {path}." in refusal(cafe(**spec)).message
    )


def test_everything_that_is_not_honoured_is_named_at_once() -> None:
    found = refusal(cafe(podSetType="StatefulSet", serviceName="x"))
    assert "spec.podSetType, spec.serviceName" in found.message


def test_an_empty_image_is_refused_with_its_path() -> None:
    found = refusal(cafe(), new=template(""))
    assert found.where.endswith("spec.template.spec.containers[main].image")


def test_c17_what_cannot_go_in_place_is_refused_with_the_paths_that_differ() -> None:
    new = template("app:v2")
    new["spec"]["initContainers"] = [{"name": "init", "image": "i:1"}]
    changes = "this release changes spec.template.spec.initContainers."
    assert changes in refusal(cafe(), new=new).message


def test_c57_a_changed_selector_label_is_refused() -> None:
    new = template("app:v2")
    new["metadata"]["labels"]["app"] = "cart"
    assert "spec.template.metadata.labels[app]" in refusal(cafe(), new=new).message


def test_an_upgrade_that_removes_pods_does_so_at_its_end() -> None:
    found = propose(cafe(replicas=1), running(), template("app:v2"))
    assert (found.kind, found.plan.before) == (Kind.UPGRADE, {"": 2})
    assert [str(step.kind) for step in found.steps][-3:] == ["commit", "sweep", "scale-in"]


def keep(**labels: str) -> DisruptionBudget:
    """A budget of the pods with `labels` that wants both of them healthy."""
    spec = {"selector": {"matchLabels": labels}}
    status = {"observedGeneration": 1, "expectedPods": 2, "desiredHealthy": 2}
    meta = {"name": "keep", "generation": 1}
    return disruption_budgets.parse({"metadata": meta, "spec": spec, "status": status})


def test_c64_a_disruption_budget_of_the_pods_is_named_and_its_demand_warned_about() -> None:
    around = running(budgets=(keep(**{names.REVISION: V1}),))
    found = propose(cafe(), around, template("app:v2"))
    assert [budget.name for budget in found.budgets] == ["keep"]
    assert "keep allows no disruption of its 2 pods" in "; ".join(found.warnings)


def test_c64_a_disruption_budget_of_other_pods_is_not_named() -> None:
    found = propose(cafe(), running(budgets=(keep(app="cart"),)), template("app:v2"))
    assert found.budgets == ()
    assert "keep" not in "; ".join(found.warnings)


BARE = {"gated": False, "gate": ABSENT, "labels": {names.REVISION: V1}}
LB: dict[str, Any] = {"strategy": {"trafficFinalizers": ["example.com/lb"]}}


def test_c31_traffic_finalizers_on_pods_without_a_switch_are_refused() -> None:
    found = refusal(cafe(**LB), running(pod("a", **BARE)))
    assert found.where.endswith("spec.strategy.trafficFinalizers")


def test_c31_they_are_refused_before_the_first_pod_is_born() -> None:
    assert "mode None" in refusal(cafe(**LB), Around((), (), ())).message


def test_c31_labels_may_give_such_pods_a_switch() -> None:
    labelled = template("app:v1", **{names.TRAFFIC: "on"})
    assert propose(cafe(**LB), running(pod("a", **BARE)), labelled).needed


def test_unit_replicas_that_do_not_fit_are_refused_with_their_path() -> None:
    topology = {**CELLS, "unitReplicas": {"CellA": 9}}
    with pytest.raises(Refused, match="ask for 9 pods, replicas is 2") as caught:
        propose(cafe(topology=topology), Around((), (), ()), template())
    assert caught.value.where.endswith("spec.topology.unitReplicas")


def test_an_image_is_set_by_container_name() -> None:
    found = with_images(cafe(), {"main": "app:v9"})
    assert found.template["spec"]["containers"][0]["image"] == "app:v9"


def test_the_custom_resource_itself_is_not_changed_by_it() -> None:
    of = cafe()
    with_images(of, {"main": "app:v9"})
    assert of.template == template()


def test_an_unknown_container_is_refused_with_the_near_miss_as_a_command() -> None:
    with pytest.raises(CafeError, match=r'"mian" not found \(existing: main\); did you mean main'):
        with_images(cafe(), {"mian": "app:v9"})


@pytest.mark.parametrize(("typed", "likely"), [("sied", "side"), ("mian", "main"), ("x", "main")])
def test_the_command_beside_it_names_the_nearest_container_else_the_first(
    typed: str, likely: str
) -> None:
    two = template()
    two["spec"]["containers"].append({"name": "side", "image": "side:v1"})
    with pytest.raises(CafeError) as caught:
        with_images(cafe(template=two), {typed: "app:v9"})
    assert caught.value.hint.endswith(f"upgrade shop -n stores --image {likely}=app:v9")


def warned(of: CafeDeployment, around: Around, image: str = "app:v2") -> str:
    return "; ".join(propose(of, around, template(image)).warnings)


def test_c7_a_tag_that_usually_moves_is_warned_about() -> None:
    assert "the tag of app:latest usually moves" in warned(cafe(), running(), "app:latest")


def test_pods_without_a_traffic_switch_are_warned_about() -> None:
    bare = pod("a", gated=False, labels={names.REVISION: V1})
    found = propose(cafe(), running(bare), template("app:v2")).warnings
    assert found == (
        "1 of 1 pod without a traffic switch (mode None): requests in flight may fail",
    )


def test_pods_without_a_traffic_switch_that_do_not_restart_are_not_warned_about() -> None:
    bare = pod("a", gated=False, labels={names.REVISION: V1})
    assert propose(cafe(), running(bare), template("app:v1", tier="web")).warnings == ()


def test_pods_with_a_traffic_switch_are_not_warned_to_lack_one() -> None:
    assert "without a traffic switch" not in warned(cafe(), running())


@pytest.mark.guard("a-plan-names-what-took-the-switch")
def test_c28_the_service_that_takes_their_switch_is_named() -> None:
    labels = {names.REVISION: V1, names.TRAFFIC: "on"}
    around = running(
        pod("a", gated=False, labels=labels), services=(Service("canary", {names.REVISION: V1}),)
    )
    assert "kubectl edit service/canary -n stores" in warned(cafe(), around)


def test_pods_in_gate_mode_are_warned_about() -> None:
    assert "pods in Gate mode" in warned(cafe(), running())


def test_c30_a_service_that_publishes_pods_that_are_not_ready_is_warned_about() -> None:
    services = (Service("peers", {names.REVISION: V1}, publishes_unready=True),)
    found = warned(cafe(), running(services=services))
    assert "Service peers: publishNotReadyAddresses is true" in found


@pytest.mark.parametrize("pause", [True, False])
def test_c79_a_release_that_the_spec_will_pause_is_warned_about(pause: bool) -> None:
    found = warned(cafe(strategy={"pause": pause}), running())
    assert ("the release will pause before its first pod" in found) is pause


def test_a_record_of_another_object_is_said_and_not_acted_on() -> None:
    foreign = cafe({names.RELEASE: encode(release(uid="somebody-else"))})
    assert foreign.record is None
    assert "belongs to another object" in warned(foreign, running())
