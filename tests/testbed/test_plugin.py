"""The plugin is run as its users run it."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from testbed.plugin import Cafe


@pytest.fixture
def shell(cafe: Cafe) -> Cafe:
    """`shell("-c", SCRIPT)` runs a shell instead of the plugin."""
    return replace(cafe, program=("/bin/sh",))


def test_the_program_answers(cafe: Cafe) -> None:
    outcome = cafe("version", "--client")
    assert outcome.code == 0, outcome.err


def test_code_and_both_streams_are_told_apart(shell: Cafe) -> None:
    outcome = shell("-c", "echo said; echo complained >&2; exit 3")
    assert (outcome.code, outcome.out, outcome.err) == (3, "said\n", "complained\n")


def test_it_gets_the_kubeconfig_and_the_namespace(shell: Cafe, namespace: str) -> None:
    outcome = shell("-c", 'echo "$KUBECONFIG" "$@"', "x")
    assert outcome.out.split() == [str(shell.kubeconfig), "-n", namespace]


def test_what_goes_on_can_be_read_and_killed(shell: Cafe) -> None:
    run = shell.start("-c", "echo up; sleep 60")
    while run.said()[0] != "up\n":
        assert run.running()
    run.kill9()
    assert not run.running()
    assert run.said()[0] == "up\n"


def test_what_takes_too_long_is_killed_and_quoted(shell: Cafe) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        shell("-c", "echo before; exec sleep 60", seconds=0.3)
    assert "before" in raised.value.__notes__[0]
