"""docs/commands: a page a verb, from what its help says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import click

from kubectl_cafe.cli import PROGRAM, SECTIONS, VERBS, cafe, options
from kubectl_cafe.cli.examples import EXAMPLES

INDEX = "README.md"


def pages() -> dict[str, str]:
    """Each page's text by its file name."""
    return {INDEX: _index(), **{f"{name}.md": _page(name, _command(name)) for name in VERBS}}


def _index() -> str:
    lines = ["# Commands", "", "Made from each command's own `--help`."]
    for section, verbs in SECTIONS.items():
        lines += ["", f"## {section}", "", "| command | |", "|---|---|"]
        lines += [f"| [{name}]({name}.md) | {verb.help} |" for name, verb in verbs.items()]
    lines += ["", "## Flags of every command that asks a server", "", *_flags(_shared())]
    return "\n".join((*lines, ""))


def _page(name: str, command: click.Command) -> str:
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    shared = {param.name for param in _shared()}
    own = [p for p in _options(command) if p.name not in shared]
    lines = [f"# {PROGRAM} {name}", "", *_prose(command), ""]
    lines += ["```", f"{PROGRAM} {name} {usage}", "```", "", "## Examples", ""]
    for example in EXAMPLES.get(name, ()):
        lines += [f"{example.what}:", "", "```console", f"$ {example.command}", "```", ""]
    if isinstance(command, click.Group):
        lines += ["## Commands", "", "| command | |", "|---|---|"]
        for under, one in command.commands.items():
            lines += [f"| {under} | {' '.join(_prose(one))} |"]
            own += _options(one)
        lines += [""]
    if own:
        lines += ["## Flags", "", *_flags(own), ""]
    if len(own) < len(_options(command)):
        lines += [f"And the [flags of every command]({INDEX}) that asks a server.", ""]
    return "\n".join(lines)


def _prose(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").splitlines()


def _flags(params: Sequence[click.Option]) -> Iterator[str]:
    yield from ("| flag | |", "|---|---|")
    for param in params:
        shown = " ".join(", ".join(param.opts).split())
        wanted = "" if param.is_flag else f" {param.make_metavar(click.Context(cafe))}"
        cell = f"`{shown}{wanted}`".replace("|", "\\|")
        yield f"| {cell} | {param.help} |"


def _command(name: str) -> click.Command:
    command = cafe.get_command(click.Context(cafe), name)
    assert command is not None
    return command


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


def _shared() -> list[click.Option]:
    """The flags that `access_options` gives to every verb that asks a server."""

    @click.command()
    @options.access_options
    def nothing() -> None: ...

    return _options(nothing)
