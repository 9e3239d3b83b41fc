"""`abort`: end the release where it stands."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import reason_option, say
from kubectl_cafe.cli.moving import move_and_drive, record_only
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import connect


@click.command("abort", short_help="End the release where it stands")
@click.argument("name")
@reason_option
@click.option("--detach", is_flag=True, help="Record the move and return; somebody else drives.")
@options.access_options
def command(access: AccessFlags, *, name: str, reason: str, detach: bool) -> int:
    """End the release of NAME where it stands: pods in flight finish, the others stay.

    While somebody drives it is recorded for them; else this command carries it out. The
    exit code is 0 once it is aborted or recorded.
    """
    from kubectl_cafe.engine import journal, verbs, wheel
    from kubectl_cafe.errors import REACHED
    from statemachine.lifecycle import State, Trigger

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    lease = wheel.lease_view(session.transport, cafe)

    def saying(transport, cafe, mover, _):  # type: ignore[no-untyped-def]
        return verbs.say(transport, cafe, Trigger.ABORT, mover)

    if lease.live:
        say(f"{lease.holder} drives and will carry it out")
        return record_only(access, name, reason, saying)
    code = move_and_drive(access, name, reason, saying, detach=detach)
    after = journal.read(session.transport, session.namespace, name)
    return REACHED if after.position.state is State.ABORTED else code
