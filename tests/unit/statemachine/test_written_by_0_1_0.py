"""Records as 0.1.0 wrote them: every later version reads them, and writes the same bytes.

The files of v0_1_0 were written by 0.1.0 and never change. A driver of 0.1.0 may go on with a
release that a later version began, so fields with their default values are written, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.pods import record as pods
from kubectl_cafe.revisions import past_releases
from statemachine import record_json
from statemachine.lifecycle import State
from statemachine.record import Failure
from tests.unit.builders import revision

FOLDER = Path(__file__).parent / "v0_1_0"
PRESENT = (
    "release_first.json",
    "release_failed.json",
    "release_paused.json",
    "pod_drained.json",
    "pod_patched.json",
    "pod_finished.json",
)
RELEASES = [("r-1", "Completed", "v2"), ("r-2", "RolledBack", "v2")]


def written(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def codec_of(name: str) -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    """How records of this kind are read, and written."""
    if name.startswith("release_"):
        return record_json.decode, record_json.encode
    return pods.decode, pods.encode


@pytest.mark.parametrize("name", PRESENT)
def test_a_record_of_0_1_0_is_read_and_written_as_it_was(name: str) -> None:
    decode, encode = codec_of(name)
    assert encode(decode(written(name))) == written(name)


def test_the_ended_releases_that_0_1_0_kept_on_a_revision_are_read() -> None:
    found = past_releases.of_revision(revision("v2", 2, releases=written("releases.json")))
    assert [(one.id, one.outcome, one.to_revision) for one in found] == RELEASES


def test_a_release_of_0_1_0_is_read_with_all_its_values() -> None:
    failed = record_json.decode(written("release_failed.json"))
    assert (failed.state, failed.origin) == (State.FAILED, State.PROGRESSING)
    assert failed.plan.strategy.traffic_finalizers == ("example.com/lb",)
    assert failed.failure == Failure("ImagePullBackOff", "no such image", "web-3", "main")
    assert [entry.group for entry in failed.journal] == [None, 1, 2, 2]
    assert isinstance(failed.journal[0].state, State)


@pytest.mark.parametrize("version", [1, 2])
def test_a_pod_s_record_of_an_older_version_is_read(version: int) -> None:
    old = pods.decode(written(f"pod_of_version_{version}.json"))
    now = pods.decode(written("pod_patched.json"))
    assert (old.before, old.restarts, old.v) == (now.before, {}, pods.VERSION)
    assert old.passed == (now.passed if version == 2 else {})
