"""`plan`: what a release would do; writes nothing."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import say
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.proposing import image_option, show
from kubectl_cafe.cli.session import connect

NOTHING, CHANGES = 0, 1


@click.command("plan", short_help="Show the groups, the template's changes and every finding")
@options.name_argument()
@image_option
@options.access_options
def command(access: AccessFlags, *, name: str, images: dict[str, str]) -> int:
    """Show what `upgrade NAME` with the same flags would do. Nothing is written.

    Exit code 0: nothing to do; 1: there are changes; 2 or above: an error.
    """
    from kubectl_cafe.engine import journal, proposal, start, verbs
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.errors import ERROR, USAGE, CafeError
    from statemachine.lifecycle import Trigger, legal

    session = connect(access)
    try:
        cafe = journal.read(session.transport, session.namespace, name)
        template = proposal.with_images(cafe, images)
        observer = Observer(session.transport, cafe)
        with observer.running():
            around = start.look_around(session.transport, cafe, observer)
        proposed = proposal.propose(cafe, around, template)
    except CafeError as error:
        # 1 means "there are changes", as in kubectl diff.
        error.exit_code = USAGE if error.exit_code == ERROR else error.exit_code
        raise
    if Trigger.START not in legal(cafe.position.state):
        say(f"warning: {verbs.illegal(cafe, Trigger.START).message}")
    click.echo(show(cafe, around, proposed, session.context))
    return CHANGES if proposed.needed else NOTHING
