"""What one write of a pod carries, and in how much room (protocol 6)."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.annotations import TOTAL
from kubectl_cafe.pods.patches import patch
from kubectl_cafe.pods.record import Phase, decode, encode
from tests.unit.builders import pod, pod_record

PAD = "example.com/notes"


def test_annotations_go_in_the_same_write_as_the_record() -> None:
    written = patch(pod(), "image", record=pod_record(), annotations={"note": "x", "old": None})
    notes = written.body["metadata"]["annotations"]
    assert {**notes, names.IN_PLACE: ""} == {"note": "x", "old": None, names.IN_PLACE: ""}


@pytest.mark.parametrize(("spare", "kept"), [(0, True), (-1, False)])
def test_a_record_is_written_whole_as_long_as_there_is_room_for_its_last_byte(
    spare: int, kept: bool
) -> None:
    record = pod_record(Phase.FINISHED, passed={"drained": "2026-01-01T00:00:00Z"})
    left = len(encode(record).encode()) + spare
    notes = {PAD: "x" * (TOTAL - left - len(PAD) - len(names.IN_PLACE))}
    written = patch(pod(annotations=notes), "on", record=record).body["metadata"]["annotations"]
    assert decode(written[names.IN_PLACE]).passed == (record.passed if kept else {})
