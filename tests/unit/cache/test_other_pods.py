"""Which of our own pods the list of others' pods concerns (protocol 7, C64)."""

from __future__ import annotations

from kubectl_cafe.cache.other_pods import OtherPods
from tests.unit.builders import drained, pod, upgraded, workload

READ = OtherPods().read(frozenset({"uid-a"}))


def test_a_pod_that_was_drained_before_the_list_is_cleared_until_its_way_is_over() -> None:
    assert READ.of([drained("a")]).cleared == {"uid-a"}
    assert READ.of([upgraded("a")]).cleared == frozenset()


def test_others_are_known_once_they_have_been_read() -> None:
    assert (OtherPods().known, OtherPods().read(frozenset()).known) == (False, True)


def test_what_we_took_is_kept_only_where_others_are_known() -> None:
    assert (OtherPods().take("uid-a").took, READ.take("uid-a").took) == (frozenset(), {"uid-a"})


def test_pods_of_our_own_workloads_are_none_of_others() -> None:
    shown = [pod("a"), pod("x", owner="uid-others"), pod("y", owner="")]
    assert READ.of_others(shown, [workload()]) == tuple(shown[1:])
    assert OtherPods().of_others(shown, [workload()]) is None


TOOK = OtherPods(known=True, took=frozenset({"uid-a"}))


def test_what_we_took_is_kept_until_its_way_is_over() -> None:
    assert TOOK.of([drained("a"), drained("b")]).took == {"uid-a"}
    assert TOOK.of([upgraded("a"), drained("b")]).took == frozenset()


def test_a_pod_without_a_record_is_on_no_way() -> None:
    both = READ.read(frozenset({"uid-b"}))
    assert both.of([drained("a"), pod("b")]).cleared == {"uid-a"}
