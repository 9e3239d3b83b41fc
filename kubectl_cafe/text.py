"""Text from the cluster, made fit for a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """`text` without control and formatting characters; line ends and tabs stay.

    A message or a name in the cluster may hold escape sequences, or marks that turn the
    direction of writing: neither may reach the terminal of whoever reads it.
    """
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf"}
    )
