"""tests/guards/ fits the tree: else `make mutate` would stop before it begins."""

from __future__ import annotations

import pytest

from tests.explore import broken
from tests.explore.scenarios import by_name
from tests.mutate import ROOT, Guard, fits, read

GUARDS = read()
SEARCHED = broken.read()


@pytest.mark.parametrize("guard", GUARDS, ids=[f"{g.name} {g.test}" for g in GUARDS])
def test_a_guard_stands_once_in_its_file_and_names_a_test_that_exists(guard: Guard) -> None:
    path, _, function = guard.test.partition("::")
    assert fits(guard) == ""
    assert f"def {function.partition('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("guard", GUARDS, ids=[f"{g.name} {g.test}" for g in GUARDS])
def test_a_guards_test_carries_its_name(guard: Guard) -> None:
    path = guard.test.partition("::")[0]
    assert f'guard("{guard.name}")' in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("guard", SEARCHED, ids=[guard.name for guard in SEARCHED])
def test_a_guard_that_a_search_misses_stands_once_in_its_file(guard: broken.Guard) -> None:
    assert by_name(guard.scenario)
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.old) == 1
