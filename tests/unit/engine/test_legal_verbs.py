"""What a refusal names as legal: verbs as they are typed (protocol 9)."""

from __future__ import annotations

import pytest

from kubectl_cafe.engine.legal import legal_verbs
from statemachine.lifecycle import State


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.IDLE, ["upgrade", "rollback"]),
        (State.PROGRESSING, ["pause", "rollback", "abort"]),
        (State.FAILED, ["retry", "rollback", "upgrade --supersede", "abort"]),
        (State.ABORTING, ["abort --force"]),
    ],
)
def test_the_legal_verbs_of_a_state(state: State, verbs: list[str]) -> None:
    assert legal_verbs(state) == verbs
