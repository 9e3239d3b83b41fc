"""The one way out."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest

from kubectl_cafe import cli
from kubectl_cafe.cli import options
from kubectl_cafe.cli.exits import GlobalFlags, ReaderLeft, fatal
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.errors import CafeError, Refused


def said(error: BaseException, verbosity: int = 0) -> tuple[int, str]:
    """Exit code and text of what `fatal` makes of `error`."""
    stderr = io.StringIO()
    return fatal(error, stderr, GlobalFlags(verbosity)), stderr.getvalue()


def raising(error: BaseException) -> click.Command:
    """A verb that does nothing but raise `error`."""

    @click.command("broken")
    @options.access_options
    def command(access: AccessFlags) -> None:
        raise error

    return command


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[BaseException], None]]:
    """Replaces every verb by one that raises what it is given."""

    def install(error: BaseException) -> None:
        command = raising(error)
        monkeypatch.setattr(cli.Verbs, "get_command", lambda *_: command)

    return install


def test_an_error_says_what_where_and_the_next_command() -> None:
    error = CafeError("no such container web", where="pod a/b, .spec", hint="kubectl get pod b")

    assert said(error) == (
        1,
        "error: no such container web\n  where: pod a/b, .spec\n  next:  kubectl get pod b\n",
    )


def test_an_error_without_where_and_hint_is_one_line() -> None:
    assert said(CafeError("it is full")) == (1, "error: it is full\n")


def test_an_error_carries_its_own_exit_code() -> None:
    assert said(Refused("no"))[0] == 7
    assert said(CafeError("late", exit_code=5))[0] == 5


def test_control_characters_of_the_cluster_do_not_reach_the_terminal() -> None:
    text = said(CafeError("pod \x1b[2Jx\u202e\x07 said\nno"))[1]

    assert text == "error: pod [2Jx said no\n"


def test_an_unexpected_exception_is_called_a_bug_without_a_traceback() -> None:
    code, text = said(KeyError("spec"))

    assert code == 1
    assert "this is a bug in kubectl-cafe" in text
    assert "KeyError: 'spec'" in text
    assert "Traceback" not in text


def test_a_file_that_is_not_there_is_no_bug() -> None:
    missing = FileNotFoundError(2, "No such file or directory", "web.yaml")

    assert said(missing) == (1, "error: No such file or directory\n  where: web.yaml\n")


def test_an_os_error_without_words_of_its_own_is_a_bug() -> None:
    assert "this is a bug" in said(OSError("odd"))[1]


def test_a_usage_error_never_has_a_traceback() -> None:
    assert "Traceback" not in said(click.UsageError("no"), verbosity=8)[1]


def test_ctrl_c_exits_130(broken: Callable[[BaseException], None]) -> None:
    broken(KeyboardInterrupt())

    assert cli.run(["status"]) == 130


def test_a_verb_s_error_leaves_through_the_same_way(
    broken: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    broken(Refused("not now", hint="kubectl cafe status x"))

    assert cli.run(["pause"]) == 7
    assert capsys.readouterr() == ("", "error: not now\n  next:  kubectl cafe status x\n")


@pytest.mark.parametrize("flag", ["-v=6", "-v6", "--v=6", "--v 6"])
def test_the_level_is_known_to_the_way_out_however_it_is_spelled(
    broken: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    broken(ZeroDivisionError("oops"))

    assert cli.run(["status", *flag.split()]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_command_exits_2_and_names_what_looks_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["upgrad"]) == 2
    assert capsys.readouterr().err == (
        'error: unknown command "upgrad"; did you mean upgrade?\n  next:  kubectl cafe --help\n'
    )


def test_a_flag_before_the_command_exits_2_and_says_where_it_belongs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["-n", "payments", "status"]) == 2
    assert "flags must follow the command" in capsys.readouterr().err


def test_an_unknown_flag_exits_2_and_points_to_the_verb_s_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["version", "--wide"]) == 2
    assert "next:  kubectl cafe version --help" in capsys.readouterr().err


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_help_is_no_error(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(args) == 0
    assert "kubectl cafe [OPTIONS]" in capsys.readouterr().out


LATE = """
import atexit, sys, threading, time
from kubectl_cafe import cli

class Late:
    def __del__(self):
        print("taken apart", file=sys.stderr)

def run(args):
    kept.append(Late())
    atexit.register(print, "put off")
    threading.Thread(target=lambda: (time.sleep(0.2), print("a thread"))).start()
    print("said")
    {end}

kept, cli.run = [], run
cli.main()
"""


@pytest.mark.parametrize(("end", "code"), [("return 4", 4), ("return 0", 0), ("sys.exit(3)", 3)])
def test_a_process_ends_after_its_threads_and_all_that_was_put_off(end: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE.format(end=end)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (code, "said\na thread\nput off\n")


def test_a_process_with_an_exit_code_does_not_take_itself_apart() -> None:
    done = subprocess.run([sys.executable, "-c", LATE.format(end="return 4")], capture_output=True)
    assert (done.returncode, done.stderr) == (4, b"")


def test_words_that_cannot_be_written_leave_the_exit_code_as_it_is() -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    assert fatal(Refused("no"), Full(), GlobalFlags()) == 7
    assert fatal(Refused("no"), None, GlobalFlags()) == 7


def test_data_whose_reader_has_left_ends_as_kubectls_does_and_without_a_word() -> None:
    assert said(ReaderLeft("the reader has left")) == (141, "")
