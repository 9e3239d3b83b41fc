"""`completion`: the executable by whose name kubectl finds the completion of this plugin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kubectl_cafe.cli.completing import COMPLETER
from kubectl_cafe.cli.terminal.printing import say
from kubectl_cafe.errors import REACHED, CafeError, Refused

PLUGIN = "kubectl-cafe"


@click.group("completion", short_help="Set up shell completion (kubectl's own)")
def command() -> None:
    """Complete commands, flags and names behind `kubectl cafe`, with kubectl's own completion.

    kubectl looks on PATH for an executable called kubectl_complete-cafe. pip puts it there, krew
    does not: `install` creates it. Your shell must have kubectl's completion loaded, e.g.
    source <(kubectl completion bash).
    """


@command.command("install")
@click.option(
    "--dir",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the link; default: the first writable folder on PATH in your home.",
)
def install(folder: Path | None) -> int:
    """Link kubectl_complete-cafe into a folder on PATH."""
    import shutil

    found = shutil.which(COMPLETER)
    if found is not None and folder is None:
        say(f"{found} already exists")
        return REACHED
    folder = folder or _own_folder()
    if folder.resolve() in _krew_folders():
        raise Refused(
            "krew fails on links in its folder that krew did not create",
            where=str(folder),
            hint="kubectl cafe completion install --dir FOLDER   (another folder on PATH)",
        )
    link = folder / COMPLETER
    if os.path.lexists(link) and not _ours(link):
        raise Refused(
            f"{COMPLETER} exists and was not linked by this command",
            where=str(link),
            hint="kubectl cafe completion install --dir FOLDER   (another folder on PATH)",
        )
    folder.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(_plugin())
    say(f"{link} linked")
    if str(folder) not in os.get_exec_path():
        say(f"  next:  add {folder} to PATH")
    return REACHED


@command.command("uninstall")
def uninstall() -> int:
    """Remove the link that install made."""
    links = [Path(folder, COMPLETER) for folder in os.get_exec_path()]
    ours = [link for link in links if link.is_symlink() and _ours(link)]
    for link in ours:
        link.unlink()
        say(f"{link} removed")
    if not ours:
        say(f"no link called {COMPLETER} on PATH")
    return REACHED


def _own_folder() -> Path:
    """The first folder on PATH below the home directory that is writable and not krew's."""
    home, taken = Path.home().resolve(), _krew_folders()
    for name in os.get_exec_path():
        folder = Path(name)
        at_home = folder.is_absolute() and home in folder.resolve().parents
        if at_home and folder.resolve() not in taken and os.access(folder, os.W_OK):
            return folder
    raise CafeError(
        "no folder on PATH in your home is writable, so the link cannot be created",
        where="PATH",
        hint="kubectl cafe completion install --dir FOLDER",
    )


def _krew_folders() -> set[Path]:
    """The bin folders of krew, which treats every link there as its own."""
    root = os.environ.get("KREW_ROOT") or Path.home() / ".krew"
    return {Path(root, "bin").resolve()}


def _ours(link: Path) -> bool:
    """Whether the link points to this plugin, by the target's name: the target may be gone."""
    return link.is_symlink() and Path(os.readlink(link)).name.startswith(PLUGIN)


def _plugin() -> Path:
    """The path of the plugin that stays the same after an upgrade: krew's link, not its target."""
    import shutil

    return Path(shutil.which(PLUGIN) or sys.argv[0]).absolute()
