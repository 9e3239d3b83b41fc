"""The simulated kubelet: kwok's stages, put together from `stages/*.yaml` and their parts."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "stages"


def stages() -> str:
    """All stages as one YAML stream.

    A line `#include NAME` stands for `stages/parts/NAME.gotmpl`, indented as that line is.
    """
    files = sorted(FOLDER.glob("*.yaml"))
    return "\n---\n".join(_included(path.read_text()) for path in files)


def _included(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        part = (FOLDER / "parts" / f"{match[2]}.gotmpl").read_text()
        return "\n".join(match[1] + line if line else "" for line in part.splitlines())

    return re.sub(r"^([ ]*)#include (\w+)$", replace, text, flags=re.MULTILINE)
