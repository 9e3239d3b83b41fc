"""`options`: the flags that every verb has."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options


@click.command("options", short_help="List the flags that every command has")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the flags that every command has: cluster, credentials, logging. They are kubectl's."""
    formatter = ctx.make_formatter()
    formatter.write_text("These flags can be passed to every command, after its name:")
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_dl(options.listed(ctx))
    click.echo(formatter.getvalue().rstrip("\n"))
