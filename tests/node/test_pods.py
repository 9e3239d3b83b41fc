"""Real pods on the real node: images, digests, failures, and how they are shown."""

from __future__ import annotations

import ipaddress
import urllib.request
from collections.abc import Callable
from typing import Any

from testbed.client import Client
from testbed.nodeconfig import TEST_NETWORK
from testbed.timeline import Sighting, Timeline, sighting

Object = dict[str, Any]
MakePod = Callable[..., Object]
Patch = Callable[[str, str], Object]


def answer(pod: Object, port: int = 8080, path: str = "/") -> str:
    """What the pod says over HTTP."""
    url = f"http://{pod['status']['podIP']}:{port}{path}"
    with urllib.request.urlopen(url, timeout=5) as response:
        text: str = response.read().decode().strip()
        return text


def test_a_pod_answers_over_http_at_an_address_of_the_test_network(pod: MakePod) -> None:
    web = pod("web", "app:v1", sidecar=True)
    assert ipaddress.ip_address(web["status"]["podIP"]) in TEST_NETWORK
    assert (answer(web), answer(web, 8081)) == ("v1", "sidecar v1")


def test_the_image_that_the_status_shows_is_not_the_string_of_the_spec(pod: MakePod) -> None:
    web = pod("web", "app:v1")
    assert web["spec"]["containers"][0]["image"] == "app:v1"
    assert sighting(web).containers["main"].image == "docker.io/library/app:v1"


def test_two_tags_of_one_digest_restart_the_container_under_the_same_image_id(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    before = sighting(pod("web", "app:v2")).containers["main"]
    with Timeline(client, "web") as timeline:
        set_image("web", "app:v2-alias")
        shown = timeline.wait_for(lambda s: s.containers["main"].restarts == 1)
    after = shown.containers["main"]
    assert after.image_id == before.image_id
    assert after.container_id != before.container_id


def test_a_container_whose_image_did_not_change_runs_on(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    before = sighting(pod("web", "app:v1", sidecar=True)).containers["side"]
    with Timeline(client, "web") as timeline:
        set_image("web", "app:v2")
        after = timeline.wait_for(lambda s: s.containers["main"].restarts == 1 and all_ready(s))
    assert after.containers["side"].container_id == before.container_id
    assert after.containers["side"].restarts == 0


def test_a_tag_that_nobody_has_fails_the_pull_and_a_good_one_over_it_runs(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    before = sighting(pod("web", "app:v1")).containers["main"]
    with Timeline(client, "web") as timeline:
        set_image("web", "app:nobody-has-it")
        failed = timeline.wait_for(lambda s: s.containers["main"].reason == "ErrImagePull")
        assert "app:nobody-has-it" in failed.containers["main"].message
        assert failed.containers["main"].container_id == before.container_id
        set_image("web", "app:v2")
        timeline.wait_for(lambda s: s.observed == 3 and all_ready(s))
    print(timeline)
    assert answer(client.get("pods", "web")) == "v2"


def test_a_version_that_crashes_ends_in_back_off(
    client: Client, pod: MakePod, set_image: Patch
) -> None:
    pod("web", "app:v1")
    with Timeline(client, "web") as timeline:
        set_image("web", "app:v3-crash")
        timeline.wait_for(lambda s: s.containers["main"].reason == "CrashLoopBackOff", 60)
    print(timeline)


def all_ready(seen: Sighting) -> bool:
    """Whether every container is ready."""
    return all(c.ready for c in seen.containers.values())
