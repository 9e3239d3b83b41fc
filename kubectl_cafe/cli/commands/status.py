"""`status`: cells, groups and pods of a release, and what the release waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.options import AccessFlags

if TYPE_CHECKING:
    from statemachine.lifecycle import State


class StateName(click.ParamType["State"]):
    """The name of a state, in any mixture of upper and lower case."""

    name = "state"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> State:
        """The state. Raises BadParameter, which names similar states, for an unknown name."""
        from kubectl_cafe.text import near
        from statemachine.lifecycle import State

        known, typed = {state.lower(): state for state in State}, str(value).lower()
        if typed in known:
            return known[typed]
        alike = near(typed, known, likeness=0.5)
        named = " or ".join(known[name] for name in alike) or ", ".join(State)
        raise click.BadParameter(f"unknown state {value!r}; did you mean {named}?", ctx, param)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """The states whose names begin with `incomplete`."""
        from statemachine.lifecycle import State

        begins = incomplete.lower()
        return [CompletionItem(state) for state in State if state.lower().startswith(begins)]


@click.command("status", short_help="Show cells, groups, pods, and what the release waits for")
@options.name_argument(required=False)
@options.watch_option
@click.option(
    "--for",
    "target",
    type=StateName(),
    metavar="STATE",
    help="Wait until the release of NAME is in this state, such as Completed.",
)
@click.option(
    "--timeout",
    type=options.Duration(),
    default=None,
    metavar="TIME",
    help="The longest time that --for waits (30s, 10m); 0, the default: no limit.",
)
@options.all_namespaces_option
@options.selector_option
@options.output_option("wide", "json", "yaml", "name")
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str | None,
    output: str | None,
    all_namespaces: bool,
    selector: str,
    watch: bool,
    target: State | None,
    timeout: float | None,
) -> None:
    """Show the release of NAME; without a name every CafeDeployment of the namespace.

    With -w every change is shown: in a terminal as a live view, else line by line (-o json: one
    object per line). --for=STATE waits: exit code 0 once the state is reached, 4 if the release
    has failed or ended in another state, 5 after --timeout. Completed is not reached while the
    spec has changes that are not released.
    """
    _check(name, all_namespaces, selector, target, timeout)
    connection = connect(access)
    if name is None:
        from kubectl_cafe.cli.overview import overview

        overview(
            connection, None if all_namespaces else connection.namespace, selector, output, watch
        )
    elif watch or target is not None:
        from kubectl_cafe.cli.watching import follow

        follow(connection, name, output, watch=watch, target=target, timeout=timeout)
    else:
        from kubectl_cafe.cli import once

        once.show(once.read(connection, name), output)


def _check(
    name: str | None,
    all_namespaces: bool,
    selector: str,
    target: State | None,
    timeout: float | None,
) -> None:
    """Raise UsageError for flags that exclude each other."""
    problem = ""
    if name and all_namespaces:
        problem = options.NAME_AND_ALL
    elif name and selector:
        problem = "NAME cannot be used with a selector (-l)"
    elif target is not None and not name:
        problem = "--for requires a NAME"
    elif timeout is not None and target is None:
        problem = "--timeout requires --for"
    if problem:
        raise click.UsageError(problem, click.get_current_context())
