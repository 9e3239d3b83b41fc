"""Makes the standard streams replace characters that can't be encoded, instead of raising."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

from kubectl_cafe.text import CUT, columns

HANDLER = "kubectl-cafe"
STAND_INS = {CUT: "~", "█": "#", "▒": "=", "░": "."}
"""The replacements of our own characters if the encoding does not have them."""


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """The replacement of the characters of `error`, as many columns wide: tables stay aligned."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(STAND_INS.get(c) or "?" * columns(c) for c in missing), error.end


def forgive(stdin: TextIO | None, *outputs: TextIO | None) -> None:
    """Make `outputs` replace what they can't encode, and `stdin` accept any bytes.

    Bytes of stdin that its encoding does not know are read as lone surrogates, which no manifest
    and no answer contains. None is a stream that was closed before Python started.
    """
    codecs.register_error(HANDLER, _stand_in)
    if isinstance(stdin, io.TextIOWrapper):
        stdin.reconfigure(errors="surrogateescape")
    for stream in outputs:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
