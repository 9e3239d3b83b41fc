"""`python -m demo.picture < text > picture.svg`: what a terminal shows, as a picture.

docs/status.svg is made by it from the output of `kubectl cafe status`.
"""

from __future__ import annotations

import sys
from xml.sax.saxutils import escape

CHARACTER, LINE, MARGIN = 7.8, 18, 16
NBSP = "\u00a0"
"""Renderers fold plain spaces, and not all know white-space: pre."""
STATES = ("AwaitingConfirm", "Completed", "Progressing", "Failed", "Paused", "RollingBack")


def svg(text: str) -> str:
    """One `text` element a line, in whatever monospaced font the reader has."""
    lines = text.rstrip("\n").splitlines()
    width = max(map(len, lines)) * CHARACTER + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * (n + 0.75):.0f}" class="{_kind(line)}" '
        f'textLength="{len(line) * CHARACTER:.0f}">{escape(line).replace(" ", NBSP)}</text>'
        for n, line in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img" aria-label="kubectl cafe status">\n'
        "<style>text{font:13px ui-monospace,Menlo,Consolas,monospace;white-space:pre;"
        "fill:#d6deeb}.command{fill:#7fdbca}.head{fill:#82aaff}.state{fill:#ffcb6b}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#011627"/>\n{rows}\n</svg>\n'
    )


def _kind(line: str) -> str:
    if line.startswith("$"):
        return "command"
    if line.split(" ", 1)[0].isupper():
        return "head"
    return "state" if any(state in line for state in STATES) else "plain"


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read()))
