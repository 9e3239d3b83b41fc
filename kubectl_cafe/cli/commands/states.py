"""`states`: the state machine, printed."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options


@click.command("states", short_help="Print the state machine")
@options.output_option("text", "mermaid", "markdown", "json", "yaml", default="text")
def command(*, output: str) -> None:
    """Print every state of a release and every legal move between them. Sends no request."""
    from kubectl_cafe.cli.terminal.printing import show
    from kubectl_cafe.printers import states

    show(states.result(), output)
