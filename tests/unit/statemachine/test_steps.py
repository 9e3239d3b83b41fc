"""Groups, steps and allocation against the examples of protocol 7 and 8, and in general."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.steps import (
    AllocationError,
    Kind,
    StepKind,
    UpgradeType,
    allocate,
    confirmation_due,
    groups,
    steps,
)

BETA, BATCH = UpgradeType.BETA, UpgradeType.BATCH
NAMES = ("CellA", "CellB", "CellC", "CellD")
CELLS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 40), min_size=1)
BATCHES = st.none() | st.integers(1, 30)


def kinds(kind: Kind, cells: dict[str, int], batch: int | None = None) -> list[str]:
    return [f"{s.kind}{s.group or ''}" for s in steps(kind, cells, BETA, batch)]


def test_two_cells_of_five_in_batches_of_four_after_a_beta() -> None:
    found = groups({"A": 5, "B": 5}, BETA, 4)
    assert found == ({"A": 1, "B": 1}, {"A": 3, "B": 3}, {"A": 5, "B": 5})


def test_without_a_beta_the_batches_come_first() -> None:
    assert groups({"A": 4, "B": 2}, BATCH, 3) == ({"A": 2, "B": 1}, {"A": 4, "B": 2})


def test_without_a_batch_size_all_that_is_left_is_one_batch() -> None:
    assert groups({"A": 5, "B": 3}, BETA, None) == ({"A": 1, "B": 1}, {"A": 5, "B": 3})


def test_a_batch_is_spread_in_proportion_to_what_each_cell_has_left() -> None:
    assert groups({"A": 8, "B": 4}, BATCH, 3)[0] == {"A": 2, "B": 1}


def test_the_largest_remainder_gets_the_odd_pod() -> None:
    assert groups({"A": 2, "B": 5}, BATCH, 2)[0] == {"A": 1, "B": 1}


def test_c54_an_empty_cell_has_no_beta_pod() -> None:
    assert groups({"A": 0, "B": 2}, BETA, None) == ({"A": 0, "B": 1}, {"A": 0, "B": 2})


def test_c54_no_pods_at_all_make_no_groups() -> None:
    assert groups({"A": 0, "B": 0}, BETA, 2) == ()


def test_one_pod_a_cell_is_the_beta_group_alone() -> None:
    assert groups({"A": 1, "B": 1}, BETA, None) == ({"A": 1, "B": 1},)


@given(CELLS, st.sampled_from(UpgradeType), BATCHES)
def test_groups_are_cumulative_grow_and_end_at_all(
    cells: dict[str, int], upgrade_type: UpgradeType, batch: int | None
) -> None:
    found = groups(cells, upgrade_type, batch)
    for one, other in itertools.pairwise(found):
        assert all(one[cell] <= other[cell] for cell in cells)
        assert sum(one.values()) < sum(other.values())
    assert (found[-1] if found else cells) == cells or not any(cells.values())
    assert bool(found) == any(cells.values())


@given(CELLS, st.sampled_from(UpgradeType), BATCHES)
def test_no_batch_is_larger_than_its_size(
    cells: dict[str, int], upgrade_type: UpgradeType, batch: int | None
) -> None:
    found = [sum(counts.values()) for counts in groups(cells, upgrade_type, batch)]
    grown = [new - old for old, new in zip([0, *found], found, strict=False)]
    batches = grown[1:] if upgrade_type is BETA else grown
    assert all(size <= (batch or 200) for size in batches)


@given(CELLS.filter(lambda cells: any(cells.values())), BATCHES)
def test_the_beta_group_is_one_pod_of_every_cell_that_has_any(
    cells: dict[str, int], batch: int | None
) -> None:
    assert groups(cells, BETA, batch)[0] == {cell: min(1, size) for cell, size in cells.items()}


def test_an_upgrade_commits_after_its_last_group() -> None:
    assert kinds(Kind.UPGRADE, {"": 3}) == ["upgrade1", "upgrade2", "commit", "sweep"]


def test_a_rollback_restores_the_templates_first_and_sweeps_at_the_very_end() -> None:
    assert kinds(Kind.ROLLBACK, {"": 3}) == ["commit", "upgrade1", "upgrade2", "sweep"]


def test_a_first_release_commits_and_scales_out() -> None:
    assert kinds(Kind.CREATE, {"": 3}) == ["commit", "scale-out1", "scale-out2"]


def test_c54_without_pods_the_template_is_still_committed() -> None:
    assert kinds(Kind.UPGRADE, {"A": 0}) == ["commit", "sweep"]


def test_the_beta_group_is_number_one() -> None:
    assert steps(Kind.UPGRADE, {"": 3}, BETA, None)[0].group == 1


def test_a_confirmation_stands_between_two_groups_and_nowhere_else() -> None:
    plan = steps(Kind.UPGRADE, {"": 5}, BETA, 2)
    asked = [plan[at].group for at in range(len(plan)) if confirmation_due(plan, at)]
    assert asked == [1, 2]


def test_nobody_is_asked_after_the_commit_that_no_group_precedes() -> None:
    plan = steps(Kind.CREATE, {"": 5}, BETA, 2)
    assert plan[0].kind is StepKind.COMMIT
    assert not confirmation_due(plan, 0)


def test_where_the_commit_lies_between_two_groups_it_is_asked_after_the_commit() -> None:
    group, commit = steps(Kind.UPGRADE, {"": 1}, BETA, None)[:2]
    plan = (group, commit, group)
    assert [confirmation_due(plan, at) for at in range(3)] == [False, True, False]


def test_fixed_cells_first_and_the_rest_evenly_with_the_remainder_to_the_first() -> None:
    assert allocate(10, ["A", "B", "C"], {"A": 3}) == {"A": 3, "B": 4, "C": 3}


def test_a_number_that_is_text_is_a_number_of_pods() -> None:
    """An older version's resource let it be stored."""
    assert allocate(10, ["A", "B"], {"A": "3"}) == {"A": 3, "B": 7}


def test_percents_go_by_the_largest_remainder() -> None:
    assert allocate(10, ["A", "B"], {"A": "55%", "B": "45%"}) == {"A": 6, "B": 4}


def test_a_percent_beside_a_number_beside_the_rest() -> None:
    assert allocate(10, ["A", "B", "C"], {"A": 4, "B": "10%"}) == {"A": 4, "B": 1, "C": 5}


def test_unit_replicas_above_replicas_are_refused_with_both_numbers() -> None:
    with pytest.raises(AllocationError, match="ask for 5 pods, replicas is 4"):
        allocate(4, ["A", "B"], {"A": 5})


def test_unit_replicas_that_fix_every_cell_below_replicas_are_refused() -> None:
    with pytest.raises(AllocationError, match="fix every cell to 2 pods in all, replicas is 4"):
        allocate(4, ["A", "B"], {"A": 1, "B": 1})


def test_a_cell_that_is_not_declared_is_refused_by_name() -> None:
    with pytest.raises(AllocationError, match="names CellX, not in topology"):
        allocate(4, ["A"], {"CellX": 1})


@given(
    st.integers(0, 200),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.dictionaries(
        st.sampled_from(NAMES), st.integers(0, 60) | st.integers(0, 60).map("{}%".format)
    ),
)
def test_an_allocation_gives_every_cell_its_pods_and_sums_to_replicas(
    replicas: int, values: list[str], units: dict[str, int | str]
) -> None:
    wished = {cell: size for cell, size in units.items() if cell in values}
    try:
        found = allocate(replicas, values, wished)
    except AllocationError:
        return
    assert list(found) == values
    assert sum(found.values()) == replicas
    assert min(found.values()) >= 0
    assert all(found[cell] == size for cell, size in wished.items() if isinstance(size, int))
