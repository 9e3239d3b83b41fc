"""Who drives already, and whose clock is right."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe.client.lease_view import lease_text
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.planning.allowed_commands import illegal
from kubectl_cafe.planning.finding import Finding, ok, unknown, warning
from kubectl_cafe.preflight.evidence import Case, Evidence
from statemachine.lifecycle import Trigger, legal

CHECK, CLOCK = "driver", "clock"
SKEW = 5.0
"""Seconds; a Date header is cut to whole ones."""


def unfinished(case: Case) -> Iterator[Finding]:
    """A release that is under way: it has to end, or to be superseded."""
    cafe = case.cafe
    if Trigger.START not in legal(cafe.position.state) and not case.superseding:
        status = cafe_command("status", cafe.name, cafe.namespace)
        yield warning("release", illegal(cafe, Trigger.START).message, hint=status)


def lease(case: Case, evidence: Evidence) -> Iterator[Finding]:
    """Whether somebody drives already."""
    status = cafe_command("status", case.cafe.name, case.cafe.namespace)
    match evidence.lease:
        case None:
            return
        case CafeError() as error:
            yield unknown(CHECK, f"whether somebody drives: {error.message}")
        case held if held.live:
            yield warning(
                CHECK,
                f"{held.driver} drives: what you say is left to that driver",
                hint=status,
            )
        case held if held.holder and not held.expired:
            yield warning(CHECK, lease_text(held), hint=status)
        case _:
            yield ok(CHECK, "nobody else drives")


def clock(evidence: Evidence) -> Iterator[Finding]:
    """This workstation's clock against the API server's."""
    if evidence.skew is None:
        return
    if abs(evidence.skew) < SKEW:
        yield ok(CLOCK, "this workstation's clock agrees with the API server's")
        return
    side = "ahead of" if evidence.skew > 0 else "behind"
    yield warning(
        CLOCK,
        f"this workstation's clock is {abs(evidence.skew):.0f} s {side} the API server's: the "
        "release goes by the server's, tokens and certificates may be judged by this one",
    )
