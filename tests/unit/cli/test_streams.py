"""Text that a terminal or a locale can't write, and arguments that are no text."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from kubectl_cafe.cli import run
from kubectl_cafe.printers.output import Printable, text

ODD = "M\u00fcller \u65e5\u672c \U0001f600 \u2026"
BYTES = b"caf\xe9"


def plugin(program: str, encoding: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A process that forgives its streams as the plugin does, in a locale of `encoding`."""
    start = "import sys\nfrom kubectl_cafe.cli.terminal.streams import forgive\n"
    return subprocess.run(
        [sys.executable, "-c", f"{start}forgive(sys.stdin, sys.stdout, sys.stderr)\n{program}"],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        input=stdin,
        capture_output=True,
    )


@pytest.mark.guard("what-a-locale-lacks-is-replaced")
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_a_locale_can_t_write_ends_no_command(encoding: str, stream: str) -> None:
    done = plugin(f"sys.{stream}.write({ODD!a})", encoding)

    assert done.returncode == 0, done.stderr
    assert b"ller " in (done.stdout or done.stderr)


def test_a_character_is_replaced_by_as_many_columns_as_it_has() -> None:
    done = plugin(f"sys.stdout.write({ODD!a})", "latin-1")

    assert done.stdout == b"M\xfcller ???? ?? ~"


def test_the_bars_of_the_live_view_are_drawn_in_ascii_where_that_is_all_there_is() -> None:
    assert plugin(r"sys.stdout.write('\u2588\u2592\u2591')", "latin-1").stdout == b"#=."


def test_half_a_surrogate_pair_can_be_written() -> None:
    assert plugin("sys.stdout.write('a\\udce9')", "utf-8").stdout == b"a?"


def test_an_answer_in_another_encoding_can_be_read() -> None:
    done = plugin("sys.exit(0 if sys.stdin.readline() else 1)", "utf-8", BYTES + b"\n")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_what_programs_read_is_utf_8_in_every_locale(encoding: str) -> None:
    program = (
        "from kubectl_cafe.cli.terminal.printing import show\n"
        "from kubectl_cafe.printers.output import Printable\n"
        f"show(Printable(lambda: [[{ODD!a}]]), 'json')"
    )

    assert json.loads(plugin(program, encoding).stdout.decode()) == [ODD]


def test_json_moves_no_cursor_and_turns_no_writing() -> None:
    nasty = "a\x9b2Jb\u202ec\u2028d"

    shown = text(Printable(lambda: [[nasty]]), "json")
    assert shown.isascii()
    assert json.loads(shown) == [nasty]


ARGUMENTS = [
    ("pause", "shop", "--reason", os.fsdecode(BYTES)),
    ("upgrade", "shop", f"--reason={os.fsdecode(BYTES)}", "--yes"),
    ("upgrade", "shop", "--image", f"main={os.fsdecode(BYTES)}"),
    ("status", os.fsdecode(BYTES)),
    ("status", "-l", os.fsdecode(BYTES)),
    ("status", "-n", os.fsdecode(BYTES)),
]


@pytest.mark.guard("arguments-are-text")
@pytest.mark.parametrize("args", ARGUMENTS, ids=lambda args: args[0] + args[-2][:9])
def test_an_argument_that_is_no_text_is_a_usage_error(
    args: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == 2
    assert 'caf\\udce9" is not valid UTF-8' in capsys.readouterr().err


FILES = [
    ("upgrade", "-f", os.fsdecode(BYTES)),
    ("upgrade", f"-f{os.fsdecode(BYTES)}"),
    ("status", f"--kubeconfig={os.fsdecode(BYTES)}"),
]


@pytest.mark.parametrize("args", FILES, ids=lambda args: ascii(args[-1]))
def test_a_file_s_name_may_be_any_bytes(
    args: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) != 0
    assert "not valid" not in capsys.readouterr().err
