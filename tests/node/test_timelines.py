"""What a real kubelet shows while it replaces a container: the facts that protocol 6 stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testbed.client import Client
from testbed.timeline import Sighting, Timeline
from testbed.traffic import SLICES, addresses
from testbed.waiting import wait_for

Object = dict[str, Any]
MakePod = Callable[..., Object]
Patch = Callable[[str, str], Object]


def main_of(sighting: Sighting) -> tuple[str, str]:
    """Tag and container of `main`."""
    main = sighting.containers["main"]
    return main.image.rpartition(":")[2], main.container_id


def runs(sighting: Sighting, tag: str, generation: int) -> bool:
    """Whether a ready container of `tag` is shown together with `generation` observed."""
    main = sighting.containers["main"]
    return (
        sighting.observed == generation
        and main.image.endswith(f":{tag}")
        and main.state == "running"
        and main.ready
        and sighting.ready == "True"
    )


def quotes(gate: str) -> Callable[[Sighting], bool]:
    """Whether Ready's message is about this value of the gate."""
    return lambda s: s.message.endswith(f'is not "True", but {gate}')


def test_after_an_image_patch_the_pod_goes_on_ready_with_the_old_container_and_the_new_generation(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    pod("web", "app:v1", kill_seconds=1)
    with Timeline(client, "web") as timeline:
        before = timeline.seen[0]
        set_image("web", "app:v2")
        done = timeline.wait_for(lambda s: runs(s, "v2", 2))
    print(timeline)
    lying = [s for s in timeline.seen if s.observed == 2 and s.ready == "True" and s is not done]
    assert [main_of(s) for s in lying[:1]] == [main_of(before)]
    assert main_of(done)[1] != main_of(before)[1]
    assert done.containers["main"].restarts == 1


def test_an_image_changed_while_killing_shows_the_wrong_container_ready_at_the_last_generation(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    pod("web", "app:v1", kill_seconds=4)
    with Timeline(client, "web") as timeline:
        first = main_of(timeline.seen[0])
        set_image("web", "app:v2")
        timeline.wait_for(lambda s: s.observed == 2)
        set_image("web", "app:v1")
        wrong = timeline.wait_for(lambda s: runs(s, "v2", 3))
        right = timeline.wait_for(lambda s: runs(s, "v1", 3) and s.after > wrong.after)
    print(timeline)
    assert right.containers["main"].restarts == 2  # the wrong one is killed in its turn
    assert len({first[1], main_of(wrong)[1], main_of(right)[1]}) == 3


def test_with_a_second_tag_of_one_digest_even_the_image_id_is_right_and_the_container_is_killed(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    pod("web", "app:v1", kill_seconds=4)
    with Timeline(client, "web") as timeline:
        set_image("web", "app:v2")
        timeline.wait_for(lambda s: s.observed == 2)
        set_image("web", "app:v2-alias")
        wrong = timeline.wait_for(
            lambda s: s.observed == 3 and s.containers["main"].restarts == 1 and s.ready == "True"
        )
        right = timeline.wait_for(
            lambda s: s.observed == 3 and s.containers["main"].restarts == 2 and s.ready == "True"
        )
    print(timeline)
    assert wrong.containers["main"].image_id == right.containers["main"].image_id
    assert wrong.containers["main"].container_id != right.containers["main"].container_id


def test_an_idle_kubelet_acknowledges_the_gate_by_quoting_its_value(
    client: Client, pod: MakePod, set_gate: Patch
) -> None:
    pod("web", "app:v1", gate=True)
    with Timeline(client, "web") as timeline:
        for value in ("False", "Unknown"):
            set_gate("web", value)
            seen = timeline.wait_for(quotes(value))
            assert (seen.ready, seen.reason) == ("False", "ReadinessGatesNotReady")
    print(timeline)


def test_a_kubelet_that_kills_acknowledges_unknown_only_with_the_container_of_the_last_generation(
    client: Client, pod: MakePod, set_image: Patch, set_gate: Patch
) -> None:
    pod("web", "app:v1", kill_seconds=4, gate=True)
    with Timeline(client, "web") as timeline:
        set_gate("web", "False")
        timeline.wait_for(quotes("False"))
        set_image("web", "app:v2")
        timeline.wait_for(lambda s: s.observed == 2)
        set_image("web", "app:v1")
        wrong = timeline.wait_for(
            lambda s: s.observed == 3 and s.containers["main"].ready and main_of(s)[0] == "v2"
        )
        set_gate("web", "Unknown")
        written = timeline.wait_for(lambda s: s.gate == "Unknown")
        acknowledged = timeline.wait_for(quotes("Unknown"))
    print(timeline)
    assert main_of(written) == main_of(wrong)
    assert written.message.endswith("but False")
    assert main_of(acknowledged)[0] == "v1"


def test_the_endpoint_leaves_the_slice_when_the_gate_is_false_and_comes_back_with_true(
    client: Client, pod: MakePod, set_gate: Patch
) -> None:
    client.create(
        "services",
        {
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
    )
    address = pod("web", "app:v1", gate=True)["status"]["podIP"]

    def ready() -> set[str]:
        return {a for s in client.list(SLICES) for a in addresses(s)}

    wait_for(lambda: ready() == {address}, "the address to be ready")
    set_gate("web", "False")
    wait_for(lambda: ready() == set(), "the address to be out")
    set_gate("web", "True")
    wait_for(lambda: ready() == {address}, "the address to be back")
