"""What kubectl is told when somebody presses Tab, and the link by which it asks."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from kubectl_cafe.cli import PROGRAM, VERBS, cafe, run
from kubectl_cafe.cli.completing import COMPLETER, complete

FAKE = """#!/bin/sh
echo "$@" >> "$0.asked"
case "$*" in
*controllerrevisions*) cat "$0.revisions" ;;
*get-contexts*) printf 'night\\nday\\n' ;;
*get-clusters*) printf 'NAME\\nnorth\\nsouth\\n' ;;
*" web "*) cat "$0.one" ;;
*) cat "$0.all" ;;
esac
"""
TEMPLATE = """{"spec": {"containers": [{"name": "main", "image": "app:v1"}]}}"""
WEB = f"""{{"metadata": {{"name": "web"}}, "spec": {{"template": {TEMPLATE}}}}}"""


class Kubectl:
    """A kubectl that answers from files, and writes down what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kubectl"
        self.path.write_text(FAKE)
        self.path.chmod(self.path.stat().st_mode | stat.S_IEXEC)
        shop = """{"metadata": {"name": "shop"}, "status": {"state": "Paused\\u001b[31m"}}"""
        self._file("all").write_text(f'{{"items": [{WEB}, {shop}]}}')
        self._file("one").write_text(WEB)
        older = f"""{{"revision": 1, "data": {{"template": {TEMPLATE}}}}}"""
        newer = older.replace('"revision": 1', '"revision": 12').replace("v1", "v2")
        self._file("revisions").write_text(f'{{"items": [{older}, {newer}]}}')

    def asked(self) -> list[str]:
        """Its command lines."""
        return self._file("asked").read_text().splitlines()

    def fails(self, script: str) -> None:
        """From now on it does that."""
        self.path.write_text(f"#!/bin/sh\n{script}\n")

    def _file(self, name: str) -> Path:
        return Path(f"{self.path}.{name}")


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """The only kubectl on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Kubectl(tmp_path)


def offered(*words: str) -> list[str]:
    """The lines that kubectl reads."""
    return complete(cafe, PROGRAM, words).splitlines()


def test_verbs_are_offered_with_what_they_are_for() -> None:
    assert offered("") == [*(f"{name}\t{verb.help}" for name, verb in VERBS.items()), ":4"]
    assert offered("confi") == [f"confirm\t{VERBS['confirm'].help}", ":4"]


def test_flags_are_offered_once_a_dash_is_typed() -> None:
    assert offered("upgrade", "--supers")[0].startswith("--supersede\t")


def test_names_are_offered_with_their_states(kubectl: Kubectl) -> None:
    assert offered("status", "") == ["web\tIdle", "shop\tPaused[31m", ":4"]
    assert offered("status", "w") == ["web\tIdle", ":4"]


def test_kubectl_hears_the_flags_that_say_where_and_as_whom(kubectl: Kubectl) -> None:
    offered("status", "-n", "pay", "--context", "night", "--as", "eve", "--as-group=a", "")

    (asked,) = kubectl.asked()
    for flag in ("--namespace=pay", "--context=night", "--as=eve", "--as-group=a"):
        assert flag in asked.split()


def test_contexts_and_clusters_come_from_the_kubeconfig(kubectl: Kubectl) -> None:
    assert offered("status", "--context", "") == ["night", "day", ":4"]
    assert offered("status", "--cluster", "s") == ["south", ":4"]


@pytest.mark.parametrize("flag", [("--image",), ("-n", "pay", "--image"), ("--yes", "--image")])
def test_an_image_is_offered_by_container_first_with_no_space_after_it(
    kubectl: Kubectl, flag: tuple[str, ...]
) -> None:
    assert offered("upgrade", "web", *flag, "") == ["main=\tapp:v1", ":6"]


@pytest.mark.parametrize("words", [("--image", "main="), ("--image=main=",)])
def test_the_present_image_is_offered_to_be_edited(
    kubectl: Kubectl, words: tuple[str, ...]
) -> None:
    assert offered("upgrade", "web", *words) == ["main=app:v1", ":4"]


@pytest.mark.parametrize(
    ("verb", "flag"), [("rollback", "--to-revision"), ("history", "--revision")]
)
def test_revisions_are_offered_the_newest_first(kubectl: Kubectl, verb: str, flag: str) -> None:
    assert offered(verb, "web", flag, "") == ["12\tapp:v2", "1\tapp:v1", ":4"]


def test_where_a_file_is_wanted_the_shell_offers_files() -> None:
    assert offered("upgrade", "-f", "") == [":0"]
    assert offered("status", "--kubeconfig", "") == [":0"]


@pytest.mark.parametrize("script", ["exit 1", "echo '{'", "sleep 30"])
def test_a_cluster_that_does_not_answer_offers_nothing_and_says_nothing(
    kubectl: Kubectl, script: str, capfd: pytest.CaptureFixture[str]
) -> None:
    kubectl.fails(f"echo noise >&2; {script}")

    assert offered("status", "") == [":4"]
    assert capfd.readouterr().err == ""


def test_without_kubectl_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert offered("status", "") == [":4"]


@pytest.mark.parametrize("words", [("--bad", ""), ("nonsense", ""), ("upgrade", "--bad", "")])
def test_a_mistake_in_what_is_typed_already_is_no_error(words: tuple[str, ...]) -> None:
    assert offered(*words)[-1] == ":4"


def test_the_executable_answers_by_the_name_it_is_called() -> None:
    program = "import sys; sys.argv[0] = '/bin/kubectl_complete-cafe'; import kubectl_cafe.cli as c"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; c.main()", "vers"], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("version\t")


# The link


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with krew's bin folder, in which the plugin is, and one of its owner's on PATH."""
    krew = tmp_path / ".krew" / "bin"
    krew.mkdir(parents=True)
    (krew / "kubectl-cafe").write_text("#!/bin/sh\n")
    (krew / "kubectl-cafe").chmod(0o755)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KREW_ROOT", raising=False)
    monkeypatch.setenv("PATH", f"{krew}:{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def test_the_link_is_put_beside_krew_never_into_it(home: Path) -> None:
    assert run(["completion", "install"]) == 0

    link = home / "bin" / COMPLETER
    assert os.readlink(link) == str(home / ".krew" / "bin" / "kubectl-cafe")
    assert not (home / ".krew" / "bin" / COMPLETER).exists()


def test_installed_twice_it_is_there_already(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["completion", "install"])
    assert run(["completion", "install"]) == 0
    assert "already exists" in capsys.readouterr().err


def test_krew_s_own_folder_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "install", "--dir", str(home / ".krew" / "bin")]) == 7
    assert "krew fails on links in its folder" in capsys.readouterr().err


def test_a_file_of_somebody_else_s_is_left_alone(home: Path) -> None:
    theirs = home / "elsewhere" / COMPLETER
    theirs.parent.mkdir()
    theirs.write_text("theirs")

    assert run(["completion", "install", "--dir", str(theirs.parent)]) == 7
    assert theirs.read_text() == "theirs"


def test_without_a_folder_that_could_hold_it_people_are_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{home}/.krew/bin:/usr/bin:/bin")

    assert run(["completion", "install"]) == 1
    assert "--dir FOLDER" in capsys.readouterr().err


def test_uninstall_takes_away_what_install_made_and_nothing_else(home: Path) -> None:
    run(["completion", "install"])
    (home / ".krew" / "bin" / "kubectl-cafe").unlink()

    assert run(["completion", "uninstall"]) == 0
    assert not os.path.lexists(home / "bin" / COMPLETER)
    assert run(["completion", "uninstall"]) == 0


def test_every_option_that_wants_a_name_offers_some() -> None:
    """A verb that takes NAME takes it from the one place that knows the names."""
    for name in VERBS:
        command = cafe.get_command(click.Context(cafe), name)
        assert command is not None
        for param in command.params:
            if isinstance(param, click.Argument) and param.name == "name":
                assert "_custom_shell_complete" in vars(param)
