"""`states`: the state machine, printed."""

from __future__ import annotations

import click


@click.command("states", short_help="Print the state machine")
@click.option(
    "-o",
    "--output",
    type=click.Choice(("text", "mermaid", "markdown")),
    default="text",
    show_default=True,
    metavar="text|mermaid|markdown",
    help="The format of what is printed.",
)
def command(*, output: str) -> None:
    """Print every state of a release and every legal move between them. Asks no server."""
    from kubectl_cafe.views import states

    render = {"text": states.text, "mermaid": states.mermaid, "markdown": states.page}
    click.echo(render[output]().rstrip("\n"))
