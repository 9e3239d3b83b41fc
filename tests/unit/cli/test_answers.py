"""What is confirmed interactively while a group waits: heard in a thread of its own."""

from __future__ import annotations

from typing import cast

import pytest

from kubectl_cafe.cli import driving
from kubectl_cafe.client.errors import Forbidden, UnknownOutcome
from kubectl_cafe.driver.follower import Follower
from kubectl_cafe.errors import CafeError


class Waiting:
    """A release that waits for group 2, and can't be confirmed."""

    waiting_group = 2

    def __init__(self, error: CafeError) -> None:
        self._error = error

    def confirm(self, group: int, who: str) -> None:
        raise self._error


@pytest.mark.parametrize("error", [Forbidden("not allowed: no"), UnknownOutcome("lost")])
def test_a_confirmation_that_fails_is_said_and_the_thread_goes_on_listening(
    error: CafeError, capsys: pytest.CaptureFixture[str]
) -> None:
    held = [cast("Follower", Waiting(error))]
    driving._answer(held, "ann", "yes")
    assert capsys.readouterr().err.startswith(f"Not confirmed: {error.message}.")
