"""The command line: one module per verb, loaded when the verb is called.

Importing this package loads click alone, so that `--help`, `version --client` and shell completion
start as fast as Python does. A verb imports by itself what it needs.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click
from click.shell_completion import CompletionItem

from kubectl_cafe.cli import examples
from kubectl_cafe.cli.completing import COMPLETER, complete
from kubectl_cafe.cli.exits import GlobalFlags, ReaderLeft, end_at_once, fatal
from kubectl_cafe.cli.terminal.printing import say_as_it_is
from kubectl_cafe.cli.terminal.signals import STOPS
from kubectl_cafe.cli.terminal.streams import forgive
from kubectl_cafe.errors import REACHED
from kubectl_cafe.text import meant

PROGRAM = "kubectl cafe"
GARBAGE = (100_000, 50, 100)
"""The thresholds of Python's garbage collector. Ten thousand pods are a million objects without
cycles: with the default thresholds half of the time of their `status` was spent in the collector,
which freed nothing."""
EVERYWHERE = f"{PROGRAM} options lists the flags that every command has."


class Verb(NamedTuple):
    """The module of a verb (with a click command named `command`), and its one-line help."""

    module: str
    help: str


SECTIONS: dict[str, dict[str, Verb]] = {
    "Release": {
        "plan": Verb("plan", "Show the groups, the template's changes and every finding"),
        "upgrade": Verb("upgrade", "Start a release and carry it out"),
        "scale": Verb("scale", "Change the number of pods, group by group"),
        "confirm": Verb("confirm", "Confirm the waiting group and continue the release"),
        "pause": Verb("pause", "Stop upgrading further pods; pods in flight finish"),
        "resume": Verb("resume", "Continue a paused release"),
        "retry": Verb("retry", "Retry the failed group of a release"),
        "abort": Verb("abort", "End a release without upgrading further pods"),
        "rollback": Verb("rollback", "Roll back to an earlier revision, group by group"),
        "drive": Verb("drive", "Continue a release that has no driver"),
        "repair": Verb("repair", "Repair pods out of traffic, drift and lost records"),
    },
    "Look": {
        "status": Verb("status", "Show cells, groups, pods, and what the release waits for"),
        "history": Verb("history", "Show the revisions with their releases and results"),
        "report": Verb("report", "Write one release as an HTML page"),
        "states": Verb("states", "Print the state machine"),
    },
    "Set up": {
        "init": Verb("init", "Install or update the CafeDeployment resource"),
        "version": Verb("version", "Print the versions of client, server and resource"),
        "completion": Verb("completion", "Set up shell completion (kubectl's own)"),
        "options": Verb("flags", "List the flags that every command has"),
    },
}
VERBS = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}


class Verbs(click.Group):
    """The verbs by name; the module of a verb is imported when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb `cmd_name`; None if there is no such verb."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        command = importlib.import_module(f"{__name__}.commands.{verb.module}").command
        assert isinstance(command, click.Command)
        everywhere = "" if cmd_name == "options" else EVERYWHERE
        command.epilog = f"{examples.text(cmd_name)}\n\n{everywhere}"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the verbs from SECTIONS: click's own way would import every verb."""
        for section, verbs in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, verb.help) for name, verb in verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete verbs from VERBS: click's own way would import every verb."""
        own = click.Command.shell_complete(self, ctx, incomplete)
        return [
            *(CompletionItem(n, help=v.help) for n, v in VERBS.items() if n.startswith(incomplete)),
            *own,
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments as kubectl does, with `-n=x` as `-n x`."""
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            raise click.UsageError(
                f"flags must follow the command: {PROGRAM} COMMAND {args[0]} ...", ctx
            )
        return super().parse_args(ctx, list(_split_short_flags(args)))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb, and replace the exceptions of a closed pipe and of Ctrl-C.

        click itself would print a line for them, and exit with 1 if it can't.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeft("the reader has left") from error
        except KeyboardInterrupt:
            say_as_it_is("")
            raise click.Abort from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb. Raises UsageError, which names similar verbs, for an unknown one."""
        name, *rest = args
        command = self.get_command(ctx, name)
        if command is None:
            raise click.UsageError(f'unknown command "{name}"{meant(name, VERBS)}', ctx)
        _refuse_undecodable(command, rest, ctx)
        return name, command, _spell_booleans(command, rest)


def _split_short_flags(args: Sequence[str]) -> list[str]:
    """The arguments with `-n=x` as `-n x`: pflag accepts both, click only the latter."""
    split: list[str] = []
    for place, arg in enumerate(args):
        if arg == "--":
            return [*split, *args[place:]]
        if len(arg) > 2 and arg[0] == "-" and arg[1].isalpha() and arg[2] == "=":
            split += [arg[:2], arg[3:]]
        else:
            split.append(arg)
    return split


def _refuse_undecodable(command: click.Command, args: Sequence[str], ctx: click.Context) -> None:
    """Raise UsageError for an argument that is not text in the terminal's encoding.

    Python decodes such bytes to lone surrogates, which can't be encoded in a request. The name of a
    file may have any bytes.
    """
    files = {
        name
        for option in command.params
        if isinstance(option, click.Option) and option.metavar == "FILE"
        for name in option.opts
    }
    for before, arg in zip(("", *args), args, strict=False):
        flag, _, value = arg.partition("=")
        of_file = flag in files if value else before in files or arg[:2] in files
        if not of_file and any("\ud800" <= char <= "\udfff" for char in arg):
            shown = arg.encode(errors="backslashreplace").decode()
            encoding = sys.getfilesystemencoding().upper()
            raise click.UsageError(f'argument "{shown}" is not valid {encoding}', ctx)


_BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


def _spell_booleans(command: click.Command, args: Sequence[str]) -> list[str]:
    """The arguments with `--watch=true` as `--watch`, and without `--watch=false`.

    pflag accepts both forms, click does not.
    """
    switches = {
        name
        for option in command.params
        if isinstance(option, click.Option) and option.is_flag
        for name in option.opts
    }
    spelled: list[str] = []
    for place, arg in enumerate(args):
        if arg == "--":
            return [*spelled, *args[place:]]
        name, _, value = arg.partition("=")
        wanted = _BOOLEANS.get(value.lower()) if name in switches else None
        if wanted is None:
            spelled.append(arg)
        elif wanted:
            spelled.append(name)
    return spelled


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def cafe(ctx: click.Context) -> None:
    """Release pods in place, group by group: same names, same IPs, same nodes.

    The state of a release is stored in the CafeDeployment: every user with the rights can
    show, continue or roll back the release, on any machine.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(args: Sequence[str]) -> int:
    """Run one command line and return the exit code. A verb returns its own, None is 0."""
    talk = GlobalFlags()
    try:
        code = cafe.main(list(args), prog_name=PROGRAM, standalone_mode=False, obj=talk)
    except (Exception, KeyboardInterrupt) as error:
        return fatal(error, sys.stderr, talk)
    return code if isinstance(code, int) else REACHED


def main() -> NoReturn:
    """The entry point of both executables: kubectl-cafe, and COMPLETER for shell completion."""
    gc.set_threshold(*GARBAGE)
    gc.enable()  # The entry script of the archive disables it during the imports.
    forgive(sys.stdin, sys.stdout, sys.stderr)
    codes: list[int] = []
    atexit.register(end_at_once, codes)
    STOPS.listen()
    if Path(sys.argv[0]).name.startswith(COMPLETER):
        click.echo(complete(cafe, PROGRAM, _split_short_flags(sys.argv[1:])), nl=False)
        codes.append(REACHED)
    else:
        codes.append(run(sys.argv[1:]))
    STOPS.over(codes[0])
    sys.exit(codes[0])
