"""What a sighting keeps of the one before it, and what begins anew (protocol 6, 10)."""

from __future__ import annotations

from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import Condition
from kubectl_cafe.pods.observed import Seen, Stamp, look
from kubectl_cafe.pods.record import Phase
from tests.unit.builders import container, drained, pod, pod_record
from tests.unit.timelines import Timeline, ours, shown, status

UNREADY = Condition("False", "ContainersNotReady")


def seen_of(seen: Timeline) -> Seen:
    """What was seen of its container `main`."""
    assert seen.sighting is not None
    return seen.sighting.containers["main"]


def test_c85_a_reason_that_stands_keeps_its_time() -> None:
    of = drained(ready=UNREADY)
    first = look(None, of, 3.0)
    assert look(first, of, 60.0).ready_reason_since == 3.0


def test_c69_a_status_that_shows_nothing_new_does_not_start_the_wait_for_the_probe_anew() -> None:
    seen = Timeline()
    new = status(2, 2, container("C2", "app:v2", startup_period=10))
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, new)
    seen.show(16, new)
    assert ours(seen)


def test_a_container_that_runs_on_started_when_it_was_first_seen_to_run() -> None:
    runs = status(2, 2, container("C2", started_at=50.0))
    seen = Timeline()
    for at in (10, 60):
        seen.show(at, runs)
    assert seen_of(seen).started == Stamp(50.0, 10, witnessed=False)


def test_a_container_that_had_its_id_before_it_ran_started_when_it_ran() -> None:
    seen = Timeline()
    seen.show(10, status(2, 2, container("C2", running=False, ready=False)))
    seen.show(60, status(2, 2, container("C2", started_at=50.0)))
    assert seen_of(seen).started == Stamp(50.0, 60, witnessed=True)


def test_the_record_of_a_drain_is_no_writing_of_images() -> None:
    """The generation moved with it by something else, a resize: the images are still the same."""
    born = container(writer=Writer.CREATOR)
    first = look(None, pod("a", born), 0.0)
    then = drained("a", containers={"main": born}, generation=2, record=pod_record(Phase.DRAINED))
    assert look(first, then, 5.0).generation == 1


def test_an_image_that_its_pods_creator_writes_later_is_a_writing_of_images() -> None:
    """Whoever wrote it, the container that is shown may be of the image before it."""
    first = look(None, pod("a", container(writer=Writer.CREATOR)), 0.0)
    then = pod("a", container(image="app:v2", writer=Writer.CREATOR), generation=2)
    assert look(first, then, 5.0).generation == 2
