"""A command that is printed reaches the cluster that the command before it has reached."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kubectl_cafe import cli
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cli import options
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.terminal.printing import say_next
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import Hint, all_at, at, cafe_command, either, kubectl
from kubectl_cafe.planning.releasable import refuse_bad_images
from tests.unit.builders import cafe_object

PRODUCT = Path(__file__).resolve().parents[2] / "kubectl_cafe"
SPELLED = re.compile(
    r"kubectl (cafe [a-z]+|patch|edit|scale|get|describe|delete|apply|create|auth)\b"
)
NO_CLUSTER = {
    "cli/examples.py": "what help shows",
    "cli/commands/completion.py": "it reaches no cluster",
    "printers/states.py": "it reaches no cluster",
    "preflight/access_review.py": "it names kubectl, and is no command line",
    "preflight/field_managers.py": "it names kubectl, and is no command line",
    "assessment/disruption_budgets.py": "a message, which a failure's record may keep",
    "assessment/lost_switches.py": "a message, which a failure's record may keep",
    "reconcile/reasons.py": "a line of the log",
    "cli/manifest.py": "--help reaches no cluster",
}
DRIVE = cafe_command("drive", "shop", "stores")


def test_without_flags_a_hint_is_the_bare_command() -> None:
    assert DRIVE == at(DRIVE, "") == "kubectl cafe drive shop -n stores"


def test_the_clusters_flags_stand_behind_the_namespace_and_before_what_else_there_is() -> None:
    hint = cafe_command("confirm", "shop", "stores", "--group 2")
    assert at(hint, "--context prod") == (
        "kubectl cafe confirm shop -n stores --context prod --group 2"
    )


def test_every_command_of_a_hint_gets_the_flags() -> None:
    hint = "look: " + kubectl("get nodes") + " (or not), then " + DRIVE + "; wait"
    assert hint == "look: kubectl get nodes (or not), then kubectl cafe drive shop -n stores; wait"
    assert at(hint, "--as bob") == (
        "look: kubectl get nodes --as bob (or not), then "
        "kubectl cafe drive shop -n stores --as bob; wait"
    )


def test_plain_words_get_no_flags() -> None:
    assert all_at(("run it again", Hint("the same, later")), "--as bob") == (
        "run it again",
        "the same, later",
    )


def test_alternatives_are_one_hint() -> None:
    both = either((DRIVE, kubectl("get nodes")))
    assert at(both, "--as b") == (
        "kubectl cafe drive shop -n stores --as b, or kubectl get nodes --as b"
    )
    assert not either(())


FLAGS = [
    (AccessFlags(), ""),
    (AccessFlags(namespace="stores", request_timeout=3.0, verbosity=6), ""),
    (AccessFlags(context="prod"), "--context prod"),
    (AccessFlags(kubeconfig="/my clusters/a"), "--kubeconfig '/my clusters/a'"),
    (AccessFlags(as_user="bob", as_groups=("a", "b")), "--as bob --as-group a --as-group b"),
    (AccessFlags(as_user_extra=(("k", "v"),)), "--as-user-extra k=v"),
    (AccessFlags(server="https://a:6443", insecure_skip_tls_verify=True),
     "--server https://a:6443 --insecure-skip-tls-verify"),
    (AccessFlags(token="secret", password="secret", username="me"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "typed"), FLAGS, ids=[typed or "none" for _, typed in FLAGS])
def test_the_flags_that_name_the_cluster_are_typed_as_a_shell_reads_them(
    flags: AccessFlags, typed: str
) -> None:
    assert flags.typed() == typed


def verb(error: CafeError | None = None) -> click.Command:
    """A verb that says what is next, or fails by `error`."""

    @click.command("broken")
    @options.access_options
    def broken(access: AccessFlags) -> None:
        if error is not None:
            raise error
        say_next(DRIVE)

    return broken


@pytest.mark.guard("a-next-command-reaches-the-same-cluster")
def test_what_is_next_carries_the_flags_of_this_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = verb(CafeError("no", hint=DRIVE))
    monkeypatch.setattr(cli.Verbs, "get_command", lambda *_: broken)
    assert cli.run(["broken", "--context", "prod"]) == 1
    assert "next:  kubectl cafe drive shop -n stores --context prod\n" in capsys.readouterr().err


def test_what_is_said_to_be_next_carries_them_too() -> None:
    found = CliRunner().invoke(verb(), ["--as", "bob"])
    assert found.stderr == "  next:  kubectl cafe drive shop -n stores --as bob\n"


def spelled(file: Path) -> Iterator[str]:
    """The command lines that stand in a text of the module, docstrings left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in docs and SPELLED.search(str(node.value)):
            yield f"line {node.lineno}: {node.value}"


@pytest.mark.parametrize(
    "file", sorted(PRODUCT.rglob("*.py")), ids=lambda file: str(file.relative_to(PRODUCT))
)
def test_no_command_line_is_spelled_where_the_flags_of_the_cluster_cannot_reach_it(
    file: Path,
) -> None:
    if str(file.relative_to(PRODUCT)) not in NO_CLUSTER:
        assert list(spelled(file)) == []


@pytest.mark.guard("a-name-is-one-argument-of-a-shell")
def test_a_container_s_name_is_one_argument_of_a_shell() -> None:
    strange = "$(touch x)"
    template = {"spec": {"containers": [{"name": strange, "image": ""}]}}
    with pytest.raises(CafeError) as raised:
        refuse_bad_images(CafeDeployment(cafe_object(template=template)), template)
    assert f" --image '{strange}=REGISTRY/NAME:TAG'" in raised.value.hint
