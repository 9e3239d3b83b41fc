"""The examples of every verb's help work as they stand there, each from a scene that it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
import yaml

from demo.scenes.scenes import SCENES
from demo.scenes.shop import SHOP, Scene, described
from kubectl_cafe.cli import cafe as root
from kubectl_cafe.cli.examples import EXAMPLES
from tests.integration.shell import Shell

ALL = [(verb, example.command) for verb, found in EXAMPLES.items() for example in found]
BEGINNINGS = {
    "plan shop --image": ("released", 1),
    "plan shop -o json": ("changed", 1),
    "upgrade shop --image shop=app:v2": ("unattended", 0),
    "upgrade -f": ("written", 0),
    "upgrade shop --image shop=app:v3 --supersede": ("waiting", 3),
    "upgrade shop": ("changed", 3),
    "scale": ("unattended", 0),
    "confirm": ("waiting", 0),
    "pause": ("waiting", 0),
    "resume": ("paused", 3),
    "retry": ("retriable", 3),
    "abort shop --force": ("crashing", 0),
    "abort": ("waiting", 0),
    "rollback shop --to-revision": ("completed", 0),
    "rollback": ("crashing", 0),
    "drive": ("laptop-died", 3),
    "repair shop --dry-run": ("replaced", 1),
    "repair": ("replaced", 0),
    "status shop --for": ("completed", 0),
    "status shop -w": ("waiting", 124),
    "status": ("waiting", 0),
    "history": ("history", 0),
    "report": ("history", 0),
}
"""The scene and the exit code by how an example begins; the others need nothing (0).

One that has no end is ended after a while (124, timeout's own code).
"""


def changed(scene: Scene) -> None:
    """The spec was edited, and not released yet."""
    scene.first_release()
    scene.set_image("app:v2")


def paused(scene: Scene) -> None:
    """A pause where a group waited for its confirmation."""
    SCENES["waiting"](scene)
    scene.cafe("pause", SHOP)


def retriable(scene: Scene) -> None:
    """The spec was edited under the release, which has failed by that, and was put back."""
    SCENES["put-back"](scene)
    scene.set_image("app:v2")


def written(scene: Scene) -> None:
    """A file that describes a CafeDeployment which is not there yet."""


OWN: dict[str, Callable[[Scene], None]] = {
    made.__name__: made for made in (changed, paused, retriable, written)
}


def begins(command: str) -> tuple[str, int]:
    """The longest beginning of the command that BEGINNINGS knows."""
    words = command.removeprefix("kubectl cafe ")
    known = [start for start in BEGINNINGS if words.startswith(start)]
    return BEGINNINGS[max(known, key=len)] if known else ("nothing", 0)


@pytest.mark.parametrize(("verb", "command"), ALL, ids=[command for _, command in ALL])
def test_the_example_works(
    installed: None,
    shell: Shell,
    scene: Scene,
    tmp_path: Path,
    verb: str,
    command: str,
) -> None:
    beginning, wanted = begins(command)
    {**SCENES, **OWN}[beginning](scene)
    if beginning == "written":
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(described()[1]))

    endless = "timeout 5 " if wanted == 124 else ""
    code, lines = shell.run(f"{endless}{command}{_yes(verb)}", tmp_path)

    assert code == wanted, "\n".join(lines)


def _yes(verb: str) -> str:
    """The example is for a terminal, where the verb asks and a person answers."""
    found = root.get_command(click.Context(root), verb)
    assert found is not None
    return " --yes" if any(param.name == "yes" for param in found.params) else ""
