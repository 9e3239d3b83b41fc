"""The three traffic modes: which a pod has, and what "off" takes (protocol 5)."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.pods.restarted import acknowledgement
from kubectl_cafe.traffic import Service, finalizers, mode_of, switch
from kubectl_cafe.traffic.endpoints import Slice, listed, parse_service, parse_slice, unlisted
from kubectl_cafe.traffic.gate import acknowledge
from tests.unit.builders import drained, pod, pod_record, quoted

GATE, LABEL = switch(Mode.GATE), switch(Mode.LABEL)
BY_LABEL = Service("shop", {"app": "shop", names.TRAFFIC: "on"})
WITHOUT = Service("all", {"app": "shop"})
UNREADY = Condition("False", "ContainersNotReady")


def labelled(value: str = "on") -> Pod:
    return pod(gated=False, gate=ABSENT, labels={"app": "shop", names.TRAFFIC: value})


def off(shown: Pod, after: float = 0.0) -> bool:
    """Whether it is acknowledged off, `after` seconds of nothing but this."""
    return GATE.acknowledged_off(shown, look(None, shown, 0.0), after)


def test_c28_a_pod_with_our_gate_is_in_gate_mode() -> None:
    assert mode_of(pod(), ()) is Mode.GATE


def test_c28_a_pod_whose_services_all_select_by_the_label_is_in_label_mode() -> None:
    assert mode_of(labelled(), [BY_LABEL]) is Mode.LABEL


@pytest.mark.guard("every-service-selects-by-the-label")
def test_c28_one_service_that_does_not_select_by_the_label_makes_it_mode_none() -> None:
    assert mode_of(labelled(), [BY_LABEL, WITHOUT]) is Mode.NONE


def test_a_pod_that_is_off_by_its_label_is_still_in_label_mode() -> None:
    assert mode_of(labelled("off"), [BY_LABEL]) is Mode.LABEL


def test_a_service_of_other_pods_does_not_matter() -> None:
    assert mode_of(labelled(), [BY_LABEL, Service("other", {"app": "cart"})]) is Mode.LABEL


def test_a_service_without_a_selector_selects_nothing() -> None:
    assert not Service("external", {}).selects({"app": "shop"})


def test_a_pod_with_neither_gate_nor_label_is_in_mode_none() -> None:
    assert mode_of(pod(gated=False), [WITHOUT]) is Mode.NONE


def test_c22_ready_false_that_quotes_our_gate_acknowledges_off() -> None:
    assert off(drained())


@pytest.mark.guard("off-needs-an-acknowledgement")
def test_c85_ready_false_for_another_reason_acknowledges_nothing() -> None:
    assert not off(drained(ready=Condition("False", "ReadinessGatesNotReady", "another gate")))


def test_c23_a_stale_ready_true_acknowledges_nothing() -> None:
    assert not off(drained(ready=Condition("True")))


@pytest.mark.guard("gate-is-quoted-as-it-is-now")
def test_c85_an_older_quote_of_another_value_acknowledges_nothing() -> None:
    assert not off(drained(gate=Condition("Unknown"), ready=quoted("False")))


def test_c80_a_lost_node_acknowledges_nothing() -> None:
    assert not off(drained(ready=Condition("False")), after=1000.0)


@pytest.mark.guard("unready-containers-are-off-after-5-seconds")
def test_c29_of_a_pod_whose_containers_are_down_that_is_awaited_for_5_seconds() -> None:
    down = drained(ready=UNREADY, containers_ready=UNREADY)
    assert [off(down, after) for after in (4.9, 5.0)] == [False, True]


def test_c29_of_a_pod_that_is_ready_a_reason_of_its_containers_acknowledges_nothing() -> None:
    assert not off(drained(ready=Condition("True", "ContainersNotReady")), after=5.0)


@pytest.mark.parametrize(("gate", "stays"), [("False", True), ("Unknown", True), ("True", False)])
def test_c33_a_pod_that_is_not_ready_stays_off_while_its_gate_is_off(
    gate: str, stays: bool
) -> None:
    assert GATE.stays_off(drained(gate=Condition(gate), ready=UNREADY)) is stays


def test_c25_a_gate_that_is_true_is_not_off_whatever_ready_says() -> None:
    assert not off(drained(gate=Condition("True"), ready=quoted("True")))


def test_an_absent_gate_is_no_acknowledgement() -> None:
    assert not off(pod(gate=ABSENT, ready=quoted("False")))


def test_the_gate_is_written_false_with_the_record_in_one_write() -> None:
    written = GATE.turn_off(pod(), pod_record(Phase.DRAINED), "noon")
    assert written.status
    assert written.body["status"]["conditions"][0]["status"] == "False"
    assert names.IN_PLACE in written.body["metadata"]["annotations"]


def test_a_new_pod_is_opened_without_a_record() -> None:
    written = GATE.turn_on(pod(gate=ABSENT), None, "noon")
    assert written.what == "open"
    assert "annotations" not in written.body["metadata"]


@pytest.mark.parametrize(("shown", "written"), [("False", "Unknown"), ("Unknown", "False")])
def test_an_acknowledgement_is_asked_for_with_the_other_value_that_means_off(
    shown: str, written: str
) -> None:
    condition = acknowledge(drained(gate=Condition(shown), generation=3), "noon").body["status"][
        "conditions"
    ][0]
    assert (condition["status"], condition["message"]) == (written, acknowledgement(3))


def test_in_label_mode_only_the_label_is_written() -> None:
    body = LABEL.turn_off(labelled(), pod_record(Phase.DRAINED), "noon").body
    assert body["metadata"]["labels"] == {names.TRAFFIC: "off"}


def test_a_label_that_is_off_needs_nobodys_acknowledgement() -> None:
    shown = labelled("off")
    assert LABEL.acknowledged_off(shown, look(None, shown, 0), 0)


@pytest.mark.parametrize(("value", "off"), [("off", True), ("on", False)])
def test_a_label_stays_off_while_it_says_off(value: str, off: bool) -> None:
    shown = pod(gated=False, labels={names.TRAFFIC: value})
    assert switch(Mode.LABEL).stays_off(shown) is off


def test_in_mode_none_nothing_is_waited_for_and_nothing_is_watched() -> None:
    none = switch(Mode.NONE)
    assert none.acknowledged_off(pod(gated=False), look(None, pod(), 0), 0)
    assert none.stays_off(pod(gated=False))


def test_c31_the_last_of_the_finalizers_that_are_asked_for_says_when_they_were_back() -> None:
    shown = pod(finalizers={"example.com/a": 7.0, "example.com/b": 9.0, "example.com/c": 11.0})
    assert finalizers.back_since(shown, ("example.com/a", "example.com/b")) == 9.0


@pytest.mark.parametrize("asked", [(), ("example.com/lb",)])
def test_c31_nothing_tells_since_when_a_finalizer_is_back_that_is_not_there(
    asked: tuple[str, ...],
) -> None:
    assert finalizers.back_since(pod(), asked) == 0.0


def test_c30_a_service_that_publishes_unready_pods_is_read_as_such() -> None:
    item = {"metadata": {"name": "a"}, "spec": {"publishNotReadyAddresses": True}}
    assert parse_service(item).publishes_unready


def test_a_services_selector_is_read() -> None:
    service = parse_service({"metadata": {"name": "a"}, "spec": {"selector": {"app": "shop"}}})
    assert service.selects({"app": "shop", "tier": "web"})
    assert not service.selects({"app": "cart"})


@pytest.mark.parametrize("spec", [{}, {"selector": None}])
def test_the_selector_of_a_service_without_one_is_empty(spec: dict[str, object]) -> None:
    assert parse_service({"metadata": {"name": "a"}, "spec": spec}).selector == {}


def test_an_external_name_selects_no_pods() -> None:
    item = {
        "metadata": {"name": "shop"},
        "spec": {"type": "ExternalName", "selector": {"app": "shop"}},
    }
    assert not parse_service(item).selects({"app": "shop"})


def service(name: str, **spec: object) -> Service:
    return parse_service({"metadata": {"name": name}, "spec": {"selector": {"a": "b"}, **spec}})


def test_c22_a_service_that_selects_a_pod_has_to_list_it_whatever_others_do() -> None:
    of = pod("a", labels={"a": "b"}, ip="10.0.0.1")
    both = (service("shop"), service("canary"))
    shown = listed([Slice("s", "shop", frozenset(), frozenset({of.uid}))])
    assert [one.name for one in unlisted(of, both, shown)] == ["canary"]


@pytest.mark.parametrize(
    ("spec", "ip"),
    [
        ({"selector": {"a": "c"}}, "10.0.0.1"),
        ({"selector": {}}, "10.0.0.1"),
        ({"publishNotReadyAddresses": True}, "10.0.0.1"),
        ({"ipFamilies": ["IPv6"]}, "10.0.0.1"),
        ({"ipFamilies": ["IPv4"]}, "fd00::1"),
        ({}, ""),
    ],
)
def test_a_service_that_can_never_list_a_pod_as_unready_is_not_asked_to(
    spec: dict[str, object], ip: str
) -> None:
    of = pod("a", labels={"a": "b"}, ip=ip)
    assert unlisted(of, (service("shop", **spec),), {}) == ()


@pytest.mark.parametrize("families", [["IPv4"], ["IPv6", "IPv4"], None])
def test_a_service_of_the_pod_s_family_of_addresses_has_to_list_it(families: object) -> None:
    of = pod("a", labels={"a": "b"}, ip="10.0.0.1")
    assert unlisted(of, (service("shop", ipFamilies=families),), {})


def test_endpoints_are_ready_unless_they_say_no() -> None:
    def endpoint(uid: str, **conditions: object) -> dict[str, object]:
        return {"targetRef": {"uid": uid}, "conditions": conditions}

    slice_ = {
        "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "shop"}},
        "endpoints": [
            endpoint("a", ready=True),
            endpoint("b", ready=False),
            endpoint("c"),
            {"addresses": ["10.0.0.1"]},
        ],
    }
    assert parse_slice(slice_) == Slice("s", "shop", frozenset({"a", "c"}), frozenset({"b"}))


@pytest.mark.parametrize("conditions", [{}, {"conditions": None}, {"conditions": {}}])
def test_an_endpoint_that_has_no_conditions_is_ready(conditions: dict[str, object]) -> None:
    endpoint = {"targetRef": {"uid": "a"}, **conditions}
    slice_ = {"metadata": {"name": "s"}, "endpoints": [endpoint]}
    assert parse_slice(slice_).ready == {"a"}


@pytest.mark.parametrize("labels", [{}, {"labels": None}, {"labels": {"a": "b"}}])
def test_an_endpointslice_without_the_label_is_of_no_service(labels: dict[str, object]) -> None:
    assert parse_slice({"metadata": {"name": "s", **labels}}).service == ""
