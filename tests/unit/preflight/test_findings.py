"""All findings together: their order, and what is refused for them."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.errors import REFUSED, Refused
from kubectl_cafe.planning.finding import Level, many, ok, refused, warning
from kubectl_cafe.planning.plan import CellPart
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.preflight import access_review, findings, plan_document
from kubectl_cafe.preflight.answers import Answers
from tests.unit.builders import drained, pod, pod_record, template
from tests.unit.preflight.cases import AT_V1, create, upgrade


def test_what_is_refused_comes_first_and_what_is_well_last() -> None:
    denied = {**dict.fromkeys(access_review.every("replicasets"), True), access_review.PODS: False}
    found = findings.judge(upgrade(), Answers(rights=denied, skew=0.0))
    levels = [finding.level for finding in found]
    assert levels == sorted(levels, key=list(Level).index)
    assert levels[0] is Level.REFUSED


@pytest.mark.guard("what-is-certain-to-fail-is-refused")
def test_what_is_certain_to_fail_is_refused_with_where_and_next() -> None:
    with pytest.raises(Refused, match=r"no room\. Nothing was written") as caught:
        findings.refuse([warning("x", "y"), refused("quota", "no room", where="q", hint="kubectl")])
    assert (caught.value.where, caught.value.hint) == ("q", "kubectl")
    assert caught.value.exit_code == REFUSED


def test_warnings_refuse_nothing() -> None:
    findings.refuse([warning("x", "y"), ok("x", "y")])


def test_a_change_that_cant_go_in_place_is_a_finding_and_its_paths_are_shown() -> None:
    new = template("app:v2")
    new["spec"]["volumes"] = [{"name": "x"}]
    of = upgrade(to=new)
    found = findings.judge(of)
    assert found[0].level is Level.REFUSED
    assert "this release changes spec.template.spec.volumes" in found[0].message
    assert not found[0].message.endswith("written")
    assert plan_document.plan_of(of, found, "kind").others == ("spec.template.spec.volumes",)


def test_c72_pods_of_a_release_without_a_record_are_a_finding() -> None:
    left = drained("left", labels=AT_V1, record=pod_record(Phase.DRAINED))
    found = findings.judge(upgrade(left))
    assert "1 pod of an unfinished release without a record" in found[0].message
    assert found[0].hint.startswith("kubectl cafe repair")


def test_of_many_names_the_first_are_told_and_the_rest_counted() -> None:
    assert many("abc") == "a, b, c"
    assert many("abcd") == "a, b, c and 1 more"
    assert many("abcde") == "a, b, c and 2 more"


def test_an_upgrade_shows_each_cells_pods_group_by_group() -> None:
    cells = {"a1": "A", "a2": "A", "b1": "B"}
    pods = [pod(n, labels={**AT_V1, names.CELL: cell}) for n, cell in cells.items()]
    of = upgrade(*pods, topology={"unitType": "Cell", "values": ["A", "B"]})
    beta, rest, *others = plan_document.steps(of)
    assert beta.cells == (CellPart("A", 1, 1, 2, ("a1",)), CellPart("B", 1, 1, 1, ("b1",)))
    assert rest.cells == (CellPart("A", 1, 2, 2, ("a2",)),)
    assert [step.kind for step in others] == ["commit", "sweep"]


def test_a_first_release_shows_how_many_are_born_and_no_names() -> None:
    commit, beta, rest = plan_document.steps(create())
    assert commit.cells == ()
    assert (beta.cells, rest.cells) == (
        (CellPart("", 1, 1, 2),),
        (CellPart("", 1, 2, 2),),
    )


def test_changes_are_images_labels_and_annotations() -> None:
    new = template("app:v2", tier="web")
    new["metadata"]["annotations"] = {"note": "x"}
    plan = plan_document.plan_of(upgrade(to=new), (), "kind")
    assert [(c.path, c.old, c.new) for c in plan.changes] == [
        ("image of main", "app:v1", "app:v2"),
        ("label tier", None, "web"),
        ("annotation note", None, "x"),
    ]


def test_a_first_release_of_gated_pods_needs_the_right_to_open_them() -> None:
    denied = {**dict.fromkeys(access_review.every("replicasets"), True), access_review.GATES: False}
    bare, gated = template(), template()
    gated["spec"]["readinessGates"] = [{"conditionType": names.IN_SERVICE}]
    found = [
        findings.judge(create(template=made), Answers(rights=denied))[0] for made in (bare, gated)
    ]
    assert [one.level for one in found] == [Level.WARNING, Level.REFUSED]
