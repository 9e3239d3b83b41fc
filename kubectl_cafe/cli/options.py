"""Flags that several verbs share, spelled and read as kubectl's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from kubectl_cafe.cli import completing
from kubectl_cafe.cli.exits import GlobalFlags
from kubectl_cafe.client.access.flags import AccessFlags as AccessFlags
from kubectl_cafe.durations import parsed
from kubectl_cafe.names import FIELD_MANAGER

Result = TypeVar("Result")
Verb = Callable[..., Result]
DryRun = Literal["none", "client", "server"]


class Duration(click.ParamType[float | None]):
    """A time as Go writes it (1s, 2m, 1h30m) or in whole seconds; 0 is None: no limit."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """The time in seconds; None for 0."""
        if not isinstance(value, str):
            return float(value) or None
        seconds = parsed(value)
        if seconds is None:
            self.fail(f"{value!r} is not a duration such as 1s, 2m or 1h30m", param, ctx)
        return seconds or None


def _remember_verbosity(ctx: click.Context, _param: click.Parameter, value: int) -> int:
    ctx.find_root().ensure_object(GlobalFlags).verbosity = value
    return value


class _Everywhere(click.Option):
    """A flag that every verb has. Only `kubectl cafe options` lists it, no verb's help does."""

    def get_help_record(self, ctx: click.Context) -> None:
        """None: a verb's help leaves the flag out, as in kubectl."""


def _pairs(
    _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """The KEY=VALUE texts of a repeated flag as pairs."""
    if wrong := [value for value in values if not value.partition("=")[0] or "=" not in value]:
        raise click.BadParameter(f"{wrong[0]!r}: must be KEY=VALUE", param=param)
    return tuple((key, text) for key, _, text in (value.partition("=") for value in values))


def _text(name: str, metavar: str, text: str, *declared: str, **more: Any) -> Verb[Verb[Any]]:
    return click.option(*declared, name, cls=_Everywhere, metavar=metavar, help=text, **more)


def _file(name: str, text: str) -> Verb[Verb[Any]]:
    return _text(name, "FILE", text, shell_complete=completing.offer_files)


_OWN = (
    click.option(
        "-n",
        "--namespace",
        metavar="NAME",
        help="The namespace; default: the context's.",
        shell_complete=completing.offer(completing.namespaces),
    ),
    click.option(
        "--context",
        metavar="NAME",
        help="The kubeconfig's context to use.",
        shell_complete=completing.offer(completing.contexts),
    ),
)
"""The flags of _ACCESS that every verb's help lists, unlike the others."""
_ACCESS = (
    *_OWN,
    _file("--kubeconfig", "The kubeconfig file to use."),
    _text(
        "--cluster",
        "NAME",
        "The kubeconfig's cluster to use.",
        shell_complete=completing.offer(completing.clusters),
    ),
    _text(
        "--user",
        "NAME",
        "The kubeconfig's user to use.",
        shell_complete=completing.offer(completing.users),
    ),
    _text("--server", "URL", "The address of the API server.", "-s"),
    _text("--tls-server-name", "NAME", "The server name to validate the certificate against."),
    _file("--certificate-authority", "The file of the certificate authority."),
    click.option(
        "--insecure-skip-tls-verify",
        cls=_Everywhere,
        is_flag=True,
        help="Skip verification of the server's certificate (insecure).",
    ),
    _text("--token", "TOKEN", "The bearer token for authentication."),
    _text("--username", "NAME", "The user name for basic authentication."),
    _text("--password", "TEXT", "The password for basic authentication."),
    _file("--client-certificate", "The client certificate file for TLS."),
    _file("--client-key", "The client key file for TLS."),
    _text("--as", "USER", "The user to impersonate.", "as_user"),
    _text(
        "--as-group",
        "GROUP",
        "A group to impersonate; may be repeated.",
        "as_groups",
        multiple=True,
    ),
    _text("--as-uid", "UID", "The UID to impersonate."),
    _text(
        "--as-user-extra",
        "KEY=VALUE",
        "An extra field of the user to impersonate; may be repeated.",
        multiple=True,
        callback=_pairs,
    ),
    _text(
        "--request-timeout",
        "TIME",
        "The longest time of one request (1s, 2m); 0: no limit.",
        type=Duration(),
        default="0",
    ),
    _text(
        "--v",
        "LEVEL",
        "Log level: 4 the decision for each pod, 6 the requests, 8 their bodies.",
        "-v",
        "verbosity",
        type=int,
        default=0,
        # Parsed first, so that an error in any other flag is reported with this verbosity.
        is_eager=True,
        callback=_remember_verbosity,
    ),
)


def name_argument(*, required: bool = True) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add NAME, a CafeDeployment's; the verb gets `name: str`, or None if it is optional."""
    return click.argument(
        "name", required=required, shell_complete=completing.offer(completing.cafedeployments)
    )


def access_options(verb: Verb[Result]) -> Verb[Result]:
    """Add kubectl's flags for access to a cluster; the verb gets `access: AccessFlags`."""

    @functools.wraps(verb)
    def with_access(*args: Any, **values: Any) -> Result:
        flags = AccessFlags(**{field: values.pop(field) for field in AccessFlags._fields})
        click.get_current_context().find_root().ensure_object(GlobalFlags).cluster = flags.typed()
        return verb(*args, access=flags, **values)

    for option in reversed(_ACCESS):
        option(with_access)
    return with_access


def listed(ctx: click.Context) -> list[tuple[str, str]]:
    """Every flag of `access_options` with its help, as `kubectl cafe options` lists them."""

    @click.command()
    @access_options
    def everything(access: AccessFlags) -> None: ...

    options = [option for option in everything.params if isinstance(option, click.Option)]
    records = (click.Option.get_help_record(option, ctx) for option in options)
    return [record for record in records if record is not None]


class Format(click.Choice[str]):
    """One of the formats that a verb prints."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The format; any other is refused in kubectl's words."""
        from kubectl_cafe.printers.output import unmatched

        if value not in self.choices:
            raise click.UsageError(unmatched(value, self.choices), ctx)
        return super().convert(value, param, ctx)


def output_option(
    *formats: str, default: str | None = None
) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add -o; the verb gets `output`, one of `formats` or `default`."""
    return click.option(
        "-o",
        "--output",
        type=Format(formats),
        default=default,
        show_default=default is not None,
        metavar="|".join(formats),
        help="The output format.",
    )


def revision_option(text: str) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add --revision; the verb gets `revision: int`, 0 without one."""
    return click.option(
        "--revision",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help=text,
        shell_complete=completing.offer(completing.revisions),
    )


def release_option(text: str) -> Callable[[Verb[Result]], Verb[Result]]:
    """Add --release; the verb gets `release: str`, "" without one."""
    return click.option("--release", default="", metavar="ID", help=text)


NAME_AND_ALL = "NAME cannot be used with -A; use -n NAMESPACE"
"""The usage error of a verb that takes a name or -A."""


def all_namespaces_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -A; the verb gets `all_namespaces: bool`. -n is then ignored, as in kubectl."""
    return click.option(
        "-A", "--all-namespaces", is_flag=True, help="In all namespaces; -n is ignored."
    )(verb)


def selector_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -l; the verb gets `selector: str`, "" for all. The API server evaluates it."""
    return click.option(
        "-l",
        "--selector",
        default="",
        metavar="QUERY",
        help="The label selector: key=value, key!=value, key in (a, b), key, !key.",
    )(verb)


def watch_option(verb: Verb[Result]) -> Verb[Result]:
    """Add -w; the verb gets `watch: bool`."""
    return click.option(
        "-w", "--watch", is_flag=True, help="Watch for changes after the first output."
    )(verb)


def dry_run_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --dry-run; the verb gets `dry_run: DryRun`."""
    return click.option(
        "--dry-run",
        type=click.Choice(("none", "client", "server")),
        default="none",
        metavar="none|client|server",
        help="client: print the objects, send nothing; server: send them, store nothing.",
    )(verb)


def yes_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --yes; the verb gets `yes: bool`. --yes never confirms a group."""
    return click.option(
        "-y", "--yes", is_flag=True, help="Proceed without asking for confirmation."
    )(verb)


def field_manager_option(verb: Verb[Result]) -> Verb[Result]:
    """Add --field-manager; the verb gets `field_manager: str`."""
    return click.option(
        "--field-manager",
        default=FIELD_MANAGER,
        show_default=True,
        metavar="NAME",
        help="The field manager of the written fields.",
    )(verb)
