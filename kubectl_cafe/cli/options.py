"""Flags that more than one verb has, spelled and read as kubectl's."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import click

from kubectl_cafe.cli import completing
from kubectl_cafe.cli.exits import Talk
from kubectl_cafe.names import FIELD_MANAGER

Result = TypeVar("Result")
Verb = Callable[..., Result]
DryRun = Literal["none", "client", "server"]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")


@dataclass(frozen=True, slots=True)
class AccessFlags:
    """Which API server to speak to, as whom, and where; None is the kubeconfig's own choice.

    `request_timeout` is in seconds, None for no limit of the caller's.
    """

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    cluster: str | None = None
    user: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    verbosity: int = 0


class Duration(click.ParamType[float | None]):
    """A time as Go writes it (1s, 2m, 1h30m) or whole seconds; 0 is None: no limit."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """The seconds."""
        if not isinstance(value, str):
            return float(value) or None
        if value.isdecimal():
            return float(value) or None
        if not _DURATION.fullmatch(value):
            self.fail(f"{value!r} is not a time like 1s, 2m or 1h30m", param, ctx)
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value)) or None


def _remember_verbosity(ctx: click.Context, _param: click.Parameter, value: int) -> int:
    ctx.find_root().ensure_object(Talk).verbosity = value
    return value


_ACCESS = (
    click.option(
        "-n",
        "--namespace",
        metavar="NAME",
        help="The namespace; else the context's.",
        shell_complete=completing.offer(completing.namespaces),
    ),
    click.option(
        "--context",
        metavar="NAME",
        help="The kubeconfig's context to use.",
        shell_complete=completing.offer(completing.contexts),
    ),
    click.option(
        "--kubeconfig",
        metavar="FILE",
        help="The kubeconfig file to use.",
        shell_complete=completing.offer_files,
    ),
    click.option(
        "--cluster",
        metavar="NAME",
        help="The kubeconfig's cluster to use.",
        shell_complete=completing.offer(completing.clusters),
    ),
    click.option(
        "--user",
        metavar="NAME",
        help="The kubeconfig's user to use.",
        shell_complete=completing.offer(completing.users),
    ),
    click.option("--as", "as_user", metavar="USER", help="The user to impersonate."),
    click.option(
        "--as-group",
        "as_groups",
        multiple=True,
        metavar="GROUP",
        help="A group to impersonate; may be repeated.",
    ),
    click.option(
        "--request-timeout",
        type=Duration(),
        default="0",
        metavar="TIME",
        help="How long one request may take (1s, 2m); 0: as long as it needs.",
    ),
    click.option(
        "-v",
        "--v",
        "verbosity",
        type=int,
        default=0,
        metavar="LEVEL",
        # Read first, so that a mistake in any other flag already finds it.
        is_eager=True,
        callback=_remember_verbosity,
        help="6 prints the requests, 8 their bodies as well.",
    ),
)
_ACCESS_FIELDS = tuple(AccessFlags.__dataclass_fields__)


def name_argument(*, required: bool = True) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add NAME, a CafeDeployment's; the verb gets `name: str`, or None where it may be absent."""
    return click.argument(
        "name", required=required, shell_complete=completing.offer(completing.cafedeployments)
    )


def access_options(verb: Verb[Result]) -> Verb[Result]:
    """Add kubectl's flags for reaching a cluster; the verb gets them as `access: AccessFlags`."""

    @functools.wraps(verb)
    def with_access(*args: Any, **values: Any) -> Result:
        flags = AccessFlags(**{field: values.pop(field) for field in _ACCESS_FIELDS})
        return verb(*args, access=flags, **values)

    for option in reversed(_ACCESS):
        option(with_access)
    return with_access


def output_option(*formats: str) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add -o; the verb gets `output`, one of `formats` or None."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        metavar="|".join(formats),
        help="The format of what is printed.",
    )


def all_namespaces_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -A; the verb gets `all_namespaces: bool`. Then -n is passed over, as kubectl does."""
    return click.option(
        "-A", "--all-namespaces", is_flag=True, help="In every namespace; -n is passed over."
    )(verb)


def selector_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -l; the verb gets `selector: str`, "" for all. The API server reads it."""
    return click.option(
        "-l",
        "--selector",
        default="",
        metavar="QUERY",
        help="Those whose labels match: key=value, key!=value, key in (a, b), key, !key.",
    )(verb)


def watch_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -w; the verb gets `watch: bool`."""
    return click.option(
        "-w", "--watch", is_flag=True, help="After the first answer, go on with every change."
    )(verb)


def dry_run_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --dry-run; the verb gets `dry_run: DryRun`."""
    return click.option(
        "--dry-run",
        type=click.Choice(("none", "client", "server")),
        default="none",
        metavar="none|client|server",
        help="client: print what would be sent; server: send it, and let nothing be stored.",
    )(verb)


def yes_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --yes; the verb gets `yes: bool`. It never confirms a group."""
    return click.option(
        "-y", "--yes", is_flag=True, help="Answer yes where the command would ask."
    )(verb)


def field_manager_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --field-manager; the verb gets `field_manager: str`."""
    return click.option(
        "--field-manager",
        default=FIELD_MANAGER,
        show_default=True,
        metavar="NAME",
        help="Who the written fields belong to.",
    )(verb)
