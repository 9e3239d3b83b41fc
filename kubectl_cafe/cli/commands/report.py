"""`report`: one release as a self-contained HTML page."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.errors import CafeError


@click.command("report", short_help="Write one release as an HTML page")
@options.name_argument()
@options.revision_option("Report the last release to this revision; 0: the last release.")
@options.release_option("The release with this id, as `history -o wide` shows it.")
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout; asks before it replaces an existing file.",
)
@options.output_option("html", "json", "yaml")
@options.yes_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    revision: int,
    release: str,
    output_file: Path | None,
    output: str | None,
    yes: bool,
) -> None:
    """Write a release of NAME as one HTML page: every pod's timeline, the journal, the change.

    The page is self-contained: no network, no script. For a release under way it shows the
    present state. It lists the facts that are missing because a later release has overwritten
    the pods' records.
    """
    from kubectl_cafe.cli.terminal.printing import print_document

    if revision and release:
        problem = "--revision cannot be used with --release"
        raise click.UsageError(problem, click.get_current_context())
    connection = connect(access)
    if output_file is not None and output_file.exists():
        _ask(connection, output_file, yes)
    text = _text(connection, name, revision, release, output or "html")
    if output_file is None:
        print_document(text)
    else:
        _write(output_file, text)


def _text(connection: Connection, name: str, revision: int, release: str, output: str) -> str:
    """The report, by one list of each resource; nothing is watched or written."""
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.history import release_report
    from kubectl_cafe.printers import output as printer
    from kubectl_cafe.printers.html.document import result
    from kubectl_cafe.record import store

    transport = connection.transport
    cafe = store.read(transport, connection.namespace, name)
    known = direct_reads.read_revisions(transport, cafe)
    pods = direct_reads.pods(transport, cafe)
    stored = direct_reads.read_records(transport, cafe)
    at = transport.server_time()
    report = release_report.account(cafe, known, stored, pods, at, revision, release)
    return printer.text(result(report), output)


def _ask(connection: Connection, file: Path, yes: bool) -> None:
    """Ask for confirmation before an existing file is overwritten."""
    from kubectl_cafe.cli.terminal.asking import Effect, ask

    effect = Effect(connection.context, "", str(file), "overwrite the existing file")
    ask(effect, yes=yes, stdin=sys.stdin, stderr=sys.stderr)


def _write(file: Path, text: str) -> None:
    """Write the page to a temporary file, and rename that when it is complete."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CafeError(
            f"cannot write the report: {error.strerror}",
            where=str(file),
            hint="--output-file with a file in an existing, writable folder, or no --output-file "
            "(stdout)",
        ) from None
