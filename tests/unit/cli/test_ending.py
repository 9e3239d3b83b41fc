"""Exit codes and the document of a command that drives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cli.commands.scale import command as scale
from kubectl_cafe.cli.commands.upgrade import command as upgrade
from kubectl_cafe.cli.ending import FinalState, closing, exit_code, recorded
from statemachine.lifecycle import State
from statemachine.record import Failure
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release

TIMED = {"stopped": True, "timed_out": True}


def cafe(state: State, **record: Any) -> CafeDeployment:
    """A CafeDeployment whose release is in `state`."""
    made = cafe_object()
    made["metadata"]["annotations"] = {names.RELEASE: encode(release(state, **record))}
    return CafeDeployment(made)


@pytest.mark.guard("a-timeout-has-an-exit-code-of-its-own")
@pytest.mark.parametrize(
    ("state", "left", "code"),
    [
        (State.PROGRESSING, TIMED, 5),
        (State.ROLLING_BACK, TIMED, 5),
        (State.AWAITING_CONFIRM, TIMED, 3),
        (State.COMPLETED, TIMED, 0),
        (State.FAILED, TIMED, 4),
        (State.PROGRESSING, {"stopped": True}, 130),
        (State.AWAITING_CONFIRM, {"stopped": True}, 130),
        (State.COMPLETED, {"stopped": True}, 0),
        (State.AWAITING_CONFIRM, {}, 3),
        (State.FAILED, {}, 4),
    ],
)
def test_the_exit_code_of_a_release_that_was_left(
    state: State, left: dict[str, bool], code: int
) -> None:
    asked = cafe(State.PROGRESSING)
    assert exit_code(FinalState(cafe(state), **left), asked) == code


def printed(capsys: pytest.CaptureFixture[str], ends: Callable[[], int]) -> tuple[int, Any]:
    """The exit code, and the document on stdout."""
    code = ends()
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.guard("the-outcome-is-one-document")
def test_the_document_says_how_it_ended_and_what_is_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = cafe(State.FAILED, failure=Failure("ErrImagePull", pod="a"))

    code, shown = printed(capsys, lambda: closing(FinalState(failed), failed, "json"))

    assert (code, shown["exitCode"], shown["meaning"]) == (4, 4, "failed")
    assert (shown["state"], shown["failure"]) == ("Failed", "a: ErrImagePull")
    assert "kubectl cafe rollback shop -n stores" in shown["next"]


def test_the_document_of_a_move_that_was_only_recorded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, shown = printed(capsys, lambda: recorded(cafe(State.PROGRESSING), "json"))
    assert (code, shown["meaning"], shown["exitCode"]) == (0, "recorded", 0)
    assert shown["next"] == ["kubectl cafe drive shop -n stores"]


@pytest.mark.parametrize(
    ("verb", "flags"), [(upgrade, []), (scale, ["--replicas", "3"])], ids=["upgrade", "scale"]
)
def test_a_dry_run_has_no_outcome(verb: click.Command, flags: list[str]) -> None:
    done = CliRunner().invoke(verb, ["shop", *flags, "--dry-run=client", "-o", "json"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be used with --dry-run; use plan -o" in done.stderr
