"""What stands in the way of a fast start: imports."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import click
import pytest

from kubectl_cafe.cli import VERBS, cafe

HEAVY = {
    "kubernetes",
    "pydantic",
    "yaml",
    "tabulate",
    "transitions",
    "msgspec",
    "packaging",
    "urllib3",
    "ssl",
    "rich",
}


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `statement`."""
    program = (
        f"import sys\n{statement}\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["version", "--client"], ["init", "--help"]])
def test_what_needs_no_cluster_loads_click_alone(args: list[str]) -> None:
    loaded = loaded_after(f"from kubectl_cafe.cli import run; assert run({args!r}) == 0")

    assert not loaded & HEAVY
    ours = {"kubectl_cafe", "click", "__main__"}
    allowed = ours | set(sys.stdlib_module_names) | loaded_after("import click")
    assert loaded <= allowed


def test_speaking_to_a_server_loads_neither_models_nor_oauth_nor_the_whole_client() -> None:
    loaded = loaded_after(
        "from kubectl_cafe.client.access.config import load\n"
        "from kubectl_cafe.client.access.flags import AccessFlags\n"
        "from kubectl_cafe.client.transport import Transport\n"
        "Transport(load(AccessFlags(server='http://127.0.0.1:1', token='t'), {}))"
    )

    assert "kubernetes" in loaded
    assert not loaded & {"pydantic", "oauthlib", "requests", "requests_oauthlib", "dateutil"}


def test_a_status_loads_nothing_that_drives_or_draws() -> None:
    program = "import sys; from kubectl_cafe.cli import once; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stderr.split())

    assert {"kubectl_cafe.status.build", "kubectl_cafe.cache.direct_reads", "msgspec"} <= loaded
    names = ("driver", "preflight", "release", "planning.proposal", "cache.informers")
    driving = {f"kubectl_cafe.{name}" for name in names}
    assert all(map(find_spec, driving))
    assert not loaded & driving
    assert not loaded & {"transitions", "rich", "packaging", "concurrent.futures"}


def test_the_group_knows_a_verb_without_importing_it() -> None:
    program = (
        "import sys, kubectl_cafe.cli as cli; cli.run(['--help']);"
        "sys.exit(any(f'kubectl_cafe.cli.commands.{verb}' in sys.modules for verb in cli.VERBS))"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_of_the_help_is_there_under_that_name(name: str) -> None:
    command = cafe.get_command(click.Context(cafe), name)

    assert command is not None
    assert command.name == name
    assert command.help, "a verb without a word of help"
