"""`pause`: take no more pods; those in flight finish."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import reason_option
from kubectl_cafe.cli.moving import record_only
from kubectl_cafe.cli.options import AccessFlags


@click.command("pause", short_help="Take no more pods; those in flight finish")
@click.argument("name")
@reason_option
@options.access_options
def command(access: AccessFlags, *, name: str, reason: str) -> int:
    """Pause the release of NAME: no more pods are taken, those in flight finish.

    Whoever drives sees it within 5 seconds. `resume` goes on.
    """
    from kubectl_cafe.engine import verbs
    from statemachine.lifecycle import Trigger

    return record_only(
        access,
        name,
        reason,
        lambda transport, cafe, mover, _: verbs.say(transport, cafe, Trigger.PAUSE, mover),
    )
