"""`states`: the state machine, printed."""

from __future__ import annotations

import click

FORMATS = ("text", "mermaid", "markdown", "json", "yaml")


@click.command("states", short_help="Print the state machine")
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    metavar="|".join(FORMATS),
    help="The output format.",
)
def command(*, output: str) -> None:
    """Print every state of a release and every legal move between them. Sends no request."""
    from kubectl_cafe.cli.terminal.printing import print_data
    from kubectl_cafe.printers import states

    if output in ("json", "yaml"):
        print_data(states.document(), output)
        return
    render = {"text": states.text, "mermaid": states.mermaid, "markdown": states.page}
    click.echo(render[output]().rstrip("\n"))
