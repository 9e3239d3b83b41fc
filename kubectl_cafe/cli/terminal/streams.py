"""The standard streams, made so that no text ends a command: what can't be written is replaced."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

from kubectl_cafe.text import CUT, columns

HANDLER = "kubectl-cafe"
STAND_INS = {CUT: "~", "█": "#", "▒": "=", "░": "."}
"""What is written for our own characters where the encoding has none of them."""


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """What is written for the characters of `error`: as many columns, so tables stay aligned."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(STAND_INS.get(c) or "?" * columns(c) for c in missing), error.end


def forgive(stdin: TextIO | None, *outputs: TextIO | None) -> None:
    """Let `outputs` replace what their encoding can't write, and `stdin` take any bytes.

    Bytes of stdin that its encoding doesn't know are read as lone surrogates: no manifest has
    any, no answer either. None is a stream that was closed before Python started.
    """
    codecs.register_error(HANDLER, _stand_in)
    if isinstance(stdin, io.TextIOWrapper):
        stdin.reconfigure(errors="surrogateescape")
    for stream in outputs:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
