"""`python -m demo.picture` writes docs/status.svg: a terminal with `kubectl cafe status -w`.

A release of ten pods runs on the project's own control plane (`make cluster-up`); the picture shows
the terminal while group 2 is being upgraded.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from demo.__main__ import CELLS, WAITS, Stage, testbed_env
from demo.scene import NAME, Scene
from testbed.plugin import Cafe
from testbed.terminal import Terminal
from testbed.waiting import wait_for

PICTURE = Path(__file__).parent.parent / "docs" / "status.svg"
NAMESPACE = "payments"
IMAGE = "registry.example/app"
COMMAND = f"kubectl cafe status {NAME} -w"
COLUMNS, ROWS = 92, 24
FRAME = re.compile(r"\x1b\[\?2026h(.*?)\x1b\[\?2026l", re.DOTALL)
MOVES = re.compile(r"\x1b\[[0-9]*[AJK]|\r")
FONTS = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)


def frames(written: str) -> list[str]:
    """The frames that the live view has written to the terminal, with their colours."""
    return [MOVES.sub("", frame) for frame in FRAME.findall(written)]


def svg(frame: str) -> str:
    """The frame as SVG, without a web font: the reader's own monospaced font is used."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(f"[green]$[/green] {COMMAND}")
    for line in frame.splitlines():
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    return console.export_svg(
        title="kubectl cafe", code_format=FONTS.sub("", CONSOLE_SVG_FORMAT), unique_id="cafe"
    )


def taken(stage: Stage, terminal: Terminal) -> str:
    """The frame in which group 2 is under way and the remaining time is known."""
    release = ["upgrade", NAME, "--image", f"main={IMAGE}:v2", "--yes", "--reason", "CHG-1234"]
    stage.kubectl("cafe", *release, wants=(WAITS,))
    stage.kubectl("cafe", "confirm", NAME, "--group", "2", "--detach")
    env = {**os.environ, **testbed_env()}
    driver = subprocess.Popen(["kubectl", "cafe", "drive", NAME, "-n", NAMESPACE], env=env)

    def found() -> str:
        wanted = ("group 2 of 3", "restarting", "about", "1 more")
        for frame in frames(terminal.written):
            if all(word in frame for word in wanted):
                return frame
        return ""

    frame = wait_for(found, "the picture", 60)
    driver.wait()
    return frame


def main() -> int:
    """Run the release, write the picture, delete the namespace."""
    env = testbed_env()
    stage = Stage(env, namespace=NAMESPACE)
    stage.kubectl("cafe", "init")
    stage.kubectl("create", "ns", NAMESPACE)
    try:
        scene = Scene(f"{IMAGE}:v1", f"{IMAGE}:v2", CELLS, slow=3000)
        stage.apply(scene.objects())
        stage.kubectl("cafe", "upgrade", NAME, "--yes", wants=(0, WAITS))
        for group in ("2", "3"):
            stage.kubectl("cafe", "confirm", NAME, "--group", group, wants=(0, WAITS))
        cafe = Cafe(Path(env["KUBECONFIG"]), NAMESPACE)
        terminal = cafe.at_terminal("status", NAME, "-w", size=(COLUMNS, ROWS))
        try:
            PICTURE.write_text(svg(taken(stage, terminal)))
        finally:
            terminal.close()
    finally:
        stage.kubectl("delete", "ns", NAMESPACE, "--wait=false")
    print(f"\n{PICTURE} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
