"""Where pods stand while the revision that they go to is not known."""

from __future__ import annotations

from dataclasses import replace

from kubectl_cafe.assessment.pod import PodState, assess
from kubectl_cafe.pods.model import ABSENT
from tests.unit.builders import pod, snapshot


def test_a_new_pod_is_not_upgraded_where_nothing_says_to_what() -> None:
    newborn = pod(gate=ABSENT)
    found = assess(newborn, replace(snapshot(newborn), revisions={}))
    assert (found.row, found.upgraded) == (PodState.NEW, False)
