"""The plan as text for terminals and pipes, and as a document."""

from __future__ import annotations

from dataclasses import replace

from kubectl_cafe.planning.plan import CellPart, ChangeLine, FindingLine, PlanView, StepLine
from kubectl_cafe.printers import plan

PODS = tuple(f"shop-cella-{n:05}" for n in range(40))
PLANNED = """\
Name:           shop (namespace stores)
Context:        kind
Release:        upgrade, in place
From:           shop-1 (revision 1)
To:             shop-2 (revision 2, new)
Unavailable:    at most 25% at a time
Budget:         PodDisruptionBudget keep
Confirmations:  between groups

CHANGE         FROM    TO
image of main  app:v1  app:v2

STEP     GROUP    CELL    TAKES    DONE  PODS
upgrade  1        CellA   1        1/2   a
upgrade  1        CellB   1        1/1   b
upgrade  2        CellA   1        2/2   c
commit   -        -       -        -     (the workloads get the target template)
sweep    -        -       -        -     (the remaining pods get the target version)

refused: no permission to patch pods
  where: pods in namespace stores
  next:  kubectl auth can-i patch pods -n stores
warning: mind the gap
not checked: image app:v2
ok: clock"""
FINDINGS = (
    FindingLine(
        "rights",
        "refused",
        "no permission to patch pods",
        "pods in namespace stores",
        "kubectl auth can-i patch pods -n stores",
    ),
    FindingLine("traffic", "warning", "mind the gap"),
    FindingLine("images", "not checked", "image app:v2"),
    FindingLine("clock", "ok", "this workstation's clock agrees with the API server's"),
)


def planned(**changes: object) -> PlanView:
    made = PlanView(
        name="shop",
        namespace="stores",
        context="kind",
        kind="upgrade",
        needed=True,
        source="shop-1 (revision 1)",
        target="shop-2 (revision 2, new)",
        changes=(ChangeLine("image of main", "app:v1", "app:v2"),),
        others=(),
        steps=(
            StepLine(
                "upgrade",
                1,
                (CellPart("CellA", 1, 1, 2, ("a",)), CellPart("CellB", 1, 1, 1, ("b",))),
            ),
            StepLine("upgrade", 2, (CellPart("CellA", 1, 2, 2, ("c",)),)),
            StepLine("commit"),
            StepLine("sweep"),
        ),
        confirmations=True,
        max_unavailable="25%",
        budgets=("PodDisruptionBudget keep",),
        findings=FINDINGS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def large(pods: tuple[str, ...] = PODS) -> PlanView:
    cell = CellPart("CellA", len(pods), len(pods), len(pods), pods)
    return planned(steps=(StepLine("upgrade", 1, (cell,)),))


def test_a_plan_shows_changes_groups_cell_by_cell_and_findings() -> None:
    assert plan.render(planned()) == PLANNED


def test_a_plan_with_nothing_to_do_shows_no_steps() -> None:
    shown = plan.render(planned(needed=False, changes=(), findings=()))
    assert "nothing to do: already at the target" in shown
    assert "STEP" not in shown


def test_what_cant_go_in_place_is_listed_by_its_path() -> None:
    shown = plan.render(planned(others=("spec.template.spec.volumes",)))
    assert "upgrade, not possible in place" in shown
    assert "not in place: spec.template.spec.volumes" in shown


def test_of_many_pods_a_pipe_gets_the_first_names_and_a_count() -> None:
    assert "shop-cella-00005 and 34 more" in plan.render(large())


def test_wide_names_every_pod_and_what_is_well() -> None:
    shown = plan.render(large(), wide=True)
    assert all(pod in shown for pod in PODS)
    assert "ok: this workstation's clock agrees" in shown


def test_a_pipe_gets_a_finding_in_one_line() -> None:
    long = "word " * 60
    shown = plan.render(planned(findings=(FindingLine("x", "warning", long),)))
    assert f"warning: {long.strip()}" in shown.splitlines()


def test_in_a_terminal_every_line_fits_into_it() -> None:
    long = FindingLine("x", "warning", "some words of a finding " * 12)
    changed = ChangeLine("image of main", f"registry.example/{'a' * 40}:v1", "app:v2")
    shown = plan.render(replace(large(), findings=(long,), changes=(changed,)), width=80)
    assert max(map(len, shown.splitlines())) <= 80


def test_names_that_do_not_fit_are_counted() -> None:
    shown = plan.render(large(), width=80)
    assert "shop-cella-00000, shop-cella-00001 and 38 more" not in shown
    assert "shop-cella-00000 and 39 more" in shown


def test_wide_breaks_the_names_under_each_other() -> None:
    shown = plan.render(large(), width=80, wide=True)
    first = next(line for line in shown.splitlines() if line.startswith("upgrade"))
    column = first.index("shop-cella")
    following = shown.splitlines()[shown.splitlines().index(first) + 1]
    assert following.index("shop-cella") == column
    assert all(pod in shown for pod in PODS)
    assert max(map(len, shown.splitlines())) <= 80


def test_a_terminal_too_narrow_for_names_beside_the_table_has_them_below() -> None:
    shown = plan.render(large(), width=50)
    assert "\n  shop-cella-00000" in shown


def test_a_further_line_of_a_finding_is_indented() -> None:
    shown = plan.render(planned(findings=(FindingLine("x", "warning", "word " * 30),)), width=40)
    head, *more = [line for line in shown.splitlines() if "word" in line]
    assert head.startswith("warning: word")
    assert all(line.startswith("  word") for line in more)


def test_a_command_stays_whole_to_be_copied() -> None:
    hint = f"kubectl get {'x' * 40} -o yaml --show-managed-fields {'y' * 30}"
    finding = FindingLine("x", "warning", "short", hint=hint)
    assert f"  next:  {hint}" in plan.render(planned(findings=(finding,)), width=80).splitlines()


def test_an_escape_sequence_in_a_webhooks_message_does_not_reach_the_terminal() -> None:
    finding = FindingLine("admission", "refused", "no \x1b[2J\u202e")
    assert "\x1b" not in plan.render(planned(findings=(finding,)))


def test_the_document_is_versioned_and_says_whether_it_is_refused() -> None:
    found = plan.document(planned())
    assert (found["apiVersion"], found["kind"]) == ("cafe.sofastack.io/v1", "ReleasePlan")
    assert (found["refused"], found["inPlace"], found["needed"]) == (True, True, True)


def test_the_document_has_every_pod_of_every_cell() -> None:
    (step,) = plan.document(large())["steps"]  # type: ignore[misc]
    assert step["cells"][0]["pods"] == list(PODS)


def test_name_lists_the_pods_in_the_order_in_which_they_are_taken() -> None:
    assert plan.names(planned()) == ["pod/a", "pod/b", "pod/c"]
