"""The present driver of the release, and whether clocks agree."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe.client.lease_view import lease_text
from kubectl_cafe.durations import age
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.planning.allowed_commands import illegal
from kubectl_cafe.planning.finding import Finding, ok, unknown, warning
from kubectl_cafe.preflight.answers import Answers, Case
from statemachine.lifecycle import Trigger, legal

CHECK, CLOCK = "driver", "clock"
SKEW = 5.0
"""Seconds by which clocks may differ; a Date header has whole seconds only."""


def unfinished(case: Case) -> Iterator[Finding]:
    """The warning about a release under way: it must end or be superseded first."""
    cafe = case.cafe
    if Trigger.START not in legal(cafe.position.state) and not case.superseding:
        status = cafe_command("status", cafe.name, cafe.namespace)
        yield warning("release", illegal(cafe, Trigger.START).message, hint=status)


def lease(case: Case, answers: Answers) -> Iterator[Finding]:
    """The finding whether another process is the driver already."""
    status = cafe_command("status", case.cafe.name, case.cafe.namespace)
    match answers.lease:
        case None:
            return
        case CafeError() as error:
            yield unknown(CHECK, f"the driver: {error.message}")
        case held if held.live:
            yield warning(
                CHECK,
                f"driven by {held.driver}: that driver carries out your command",
                hint=status,
            )
        case held if held.holder and not held.expired:
            yield warning(CHECK, lease_text(held), hint=status)
        case _:
            yield ok(CHECK, "no other driver")


def clock(answers: Answers) -> Iterator[Finding]:
    """The finding about this workstation's clock compared with the API server's."""
    if answers.skew is None:
        return
    if abs(answers.skew) < SKEW:
        yield ok(CLOCK, "this workstation's clock agrees with the API server's")
        return
    side = "ahead of" if answers.skew > 0 else "behind"
    yield warning(
        CLOCK,
        f"this workstation's clock is {age(abs(answers.skew))} {side} the API server's: the "
        "release uses the server's clock, but checks of tokens and certificates may use this one",
    )
