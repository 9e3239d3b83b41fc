"""The ReplicaSet of a cell: its name, selector, template and writes (protocol 3)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe import names
from kubectl_cafe.podsets.cells import NAME_LIMIT, pod_template, workload_name
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from tests.unit.builders import cafe_object, template, workload

DNS = re.compile(r"[a-z0-9]([a-z0-9-]{0,55}[a-z0-9])?")
CELLS = {"unitType": "Cell", "values": ["CellA", "CellB"]}


def owner(**topology: Any) -> dict[str, Any]:
    return cafe_object(topology=topology or CELLS)


def terms(of: dict[str, Any]) -> list[dict[str, Any]]:
    affinity = of["spec"]["affinity"]["nodeAffinity"]
    found: list[dict[str, Any]] = affinity["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    return found


def test_a_workload_is_named_after_owner_and_cell() -> None:
    assert workload_name("shop", "CellA") == "shop-cella"


def test_a_cell_among_others_that_differ_keeps_its_plain_name() -> None:
    assert workload_name("shop", "CellA", ["CellA", "CellB"]) == "shop-cella"


def test_without_cells_it_is_named_after_its_owner() -> None:
    assert workload_name("shop", "") == "shop"


def test_cells_that_differ_in_case_alone_do_not_clash() -> None:
    assert len({workload_name("shop", cell, ["a", "A"]) for cell in ("a", "A")}) == 2


def test_cells_that_differ_in_characters_that_had_to_go_do_not_clash() -> None:
    assert workload_name("shop", "a.b") != workload_name("shop", "a_b")


@given(
    st.from_regex(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", fullmatch=True),
)
def test_every_name_is_a_dns_label_that_leaves_room_for_its_pods(name: str, cell: str) -> None:
    assert DNS.fullmatch(workload_name(name, cell))


def test_a_name_that_is_too_long_is_cut_with_its_hash_within_the_limit() -> None:
    assert len(workload_name("s" * 40, "c" * 40)) == NAME_LIMIT


def test_the_host_name_of_a_pod_of_the_longest_name_is_a_dns_label() -> None:
    name = workload_name("s" * 40, "c" * 40)
    assert len(f"{name}-x7k2p") == 63


def test_a_workload_is_created_without_pods() -> None:
    assert InPlaceSet().create(owner(), "CellA", "r", template()).body["spec"]["replicas"] == 0


@pytest.mark.guard("cells-selectors-never-overlap")
def test_the_cell_is_part_of_the_selector_so_that_two_never_overlap() -> None:
    spec = InPlaceSet().create(owner(), "CellA", "r", template()).body["spec"]
    assert spec["selector"]["matchLabels"] == {"app": "shop", names.CELL: "CellA"}


def test_the_revision_is_a_label_of_the_template_and_never_of_the_selector() -> None:
    spec = InPlaceSet().create(owner(), "CellA", "r", template()).body["spec"]
    assert spec["template"]["metadata"]["labels"][names.REVISION] == "r"
    assert names.REVISION not in spec["selector"]["matchLabels"]


def test_a_workload_belongs_to_its_cafedeployment() -> None:
    body = InPlaceSet().create(owner(), "CellA", "r", template()).body
    assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-cafe"


@pytest.mark.parametrize(("unit", "label"), [("Cell", names.CELL), ("Zone", names.ZONE)])
def test_the_pods_of_a_cell_are_bound_to_its_nodes(unit: str, label: str) -> None:
    of = pod_template(owner(unitType=unit, values=["a"]), "a", "r", template())
    assert terms(of) == [{"matchExpressions": [{"key": label, "operator": "In", "values": ["a"]}]}]


def test_without_cells_no_node_is_asked_for() -> None:
    of = pod_template(owner(unitType="None"), "", "r", template())
    assert "affinity" not in of["spec"]


def test_a_workload_that_has_lost_the_label_of_its_cell_asks_for_no_node() -> None:
    """No node has an empty cell: its pods would be scheduled nowhere."""
    written = InPlaceSet().commit(owner(), workload(cell=""), "r", template())
    assert "affinity" not in written.body["spec"]["template"]["spec"]


@pytest.mark.parametrize("meta", [{}, {"labels": None}], ids=["none", "null"])
def test_the_pods_of_a_template_without_labels_have_those_of_cell_and_revision(
    meta: dict[str, Any],
) -> None:
    of = pod_template(owner(), "CellA", "r", {**template(), "metadata": meta})
    assert of["metadata"]["labels"] == {names.CELL: "CellA", names.REVISION: "r"}


@pytest.mark.parametrize("labels", [{}, {"matchLabels": None}], ids=["none", "null"])
def test_a_selector_without_matchlabels_selects_by_the_cell_alone(labels: dict[str, Any]) -> None:
    """The API takes one of expressions; a release says that it does not."""
    expressions = [{"key": "app", "operator": "Exists"}]
    of = cafe_object(selector={"matchExpressions": expressions, **labels})
    assert InPlaceSet().selector(of) == {}
    assert InPlaceSet().selector(of, "CellA") == {names.CELL: "CellA"}


def test_the_users_own_affinity_stays_in_every_alternative() -> None:
    mine = [{"key": "disk", "operator": "Exists"}]
    given_ = template()
    given_["spec"]["affinity"] = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": mine}, {"matchFields": []}]
            }
        }
    }
    ours = {"key": names.CELL, "operator": "In", "values": ["CellA"]}
    found = terms(pod_template(owner(), "CellA", "r", given_))
    assert [term["matchExpressions"] for term in found] == [[*mine, ours], [ours]]


def test_the_template_that_was_given_is_not_changed() -> None:
    given_ = template()
    pod_template(owner(), "CellA", "r", given_)
    assert given_ == template()


def test_a_commit_replaces_the_template_as_a_whole_and_names_what_was_judged() -> None:
    body = InPlaceSet().commit(owner(), workload(cell="CellA"), "v2", template("app:v2")).body
    assert body["spec"]["template"]["$patch"] == "replace"
    judged = {key: body["metadata"][key] for key in ("uid", "resourceVersion")}
    assert judged == {"uid": "uid-set", "resourceVersion": "3"}


def test_a_scaling_names_what_was_judged() -> None:
    body = InPlaceSet().scale(workload(), 5).body
    assert body == {
        "metadata": {"uid": "uid-set", "resourceVersion": "3"},
        "spec": {"replicas": 5},
    }


def test_a_workload_is_read_back_as_it_was_created() -> None:
    body = InPlaceSet().create(owner(), "CellA", "r", template()).body
    stored = {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "9"}}
    found = InPlaceSet().parse(stored)
    assert (found.cell, found.revision, found.replicas) == ("CellA", "r", 0)


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_a_workload_from_which_all_labels_or_annotations_were_taken_is_read(field: str) -> None:
    body = InPlaceSet().create(owner(), "CellA", "r", template()).body
    meta = {**body["metadata"], "uid": "u", "resourceVersion": "9"}
    del meta[field]
    found = InPlaceSet().parse({**body, "metadata": meta})
    cell = "" if field == "labels" else "CellA"
    assert (found.cell, found.replaced) == (cell, ())


def test_the_workloads_of_cells_that_differ_in_case_alone_have_two_names() -> None:
    of = owner(unitType="Cell", values=["a", "A"])
    assert len({InPlaceSet().create(of, cell, "r", template()).name for cell in ("a", "A")}) == 2


def test_a_note_of_a_template_that_somebody_cut_to_one_word_names_other_images() -> None:
    assert workload(committed="cut", shown="whole images").template_edited


def test_a_workload_whose_controller_has_not_seen_its_spec_has_not_observed_it() -> None:
    assert not workload(generation=3, observed=2).spec_observed


FAILED = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "message": "exceeded quota: tight",
    "lastTransitionTime": "1970-01-01T00:01:00Z",
}


def test_why_no_pod_can_be_created_is_read_from_its_condition() -> None:
    sets = InPlaceSet()
    made = dict(sets.create(cafe_object(), "", "v1", template()).body)
    made["metadata"] = {**made["metadata"], "uid": "u", "resourceVersion": "3"}

    found = sets.parse({**made, "status": {"conditions": [FAILED]}})

    assert (found.refusal, found.refused) == ("exceeded quota: tight", 60.0)
    assert sets.parse(made).refusal == ""


def why_no_pods(condition: dict[str, str | None]) -> tuple[str, float]:
    """Why the controller of a workload with this condition can create none, and since when."""
    made = dict(InPlaceSet().create(cafe_object(), "", "v1", template()).body)
    made["metadata"] = {**made["metadata"], "uid": "u", "resourceVersion": "3"}
    found = InPlaceSet().parse({**made, "status": {"conditions": [condition]}})
    return found.refusal, found.refused


@pytest.mark.parametrize(
    "other", [{"status": "False"}, {"reason": "FailedDelete"}], ids=["over", "a deletion"]
)
def test_any_other_condition_is_no_refusal_of_a_pod(other: dict[str, str]) -> None:
    assert why_no_pods({**FAILED, **other}) == ("", 0.0)


def test_a_refusal_whose_message_is_missing_has_no_text() -> None:
    assert why_no_pods({**FAILED, "message": None}) == ("", 60.0)
