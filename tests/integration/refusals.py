"""How tests say that something is refused: the words, the exit code, and no write."""

from __future__ import annotations

from typing import Any

from testbed.plugin import Outcome
from tests.integration.shop import CAFED, NAME, Shop

UPGRADE = ("upgrade", NAME, "--yes")
VERBS = (
    ("plan", NAME),
    UPGRADE,
    ("status", NAME),
    ("confirm", NAME),
    ("pause", NAME),
    ("resume", NAME),
    ("retry", NAME),
    ("abort", NAME),
    ("rollback", NAME, "--yes"),
    ("drive", NAME),
    ("repair", NAME),
)
"""Every verb that speaks of one release."""


def names_of(verbs: tuple[str, ...]) -> str:
    """The verb alone, as the test's id."""
    return verbs[0]


def says(done: Outcome, code: int, *words: str) -> None:
    """It ended with `code`, said all of `words` and the next command, and no traceback."""
    assert done.code == code, done.err
    for word in words:
        assert word in done.err
    assert "  next:  " in done.err
    assert "Traceback" not in done.err + done.out
    assert "bug in kubectl-cafe" not in done.err


def refused(shop: Shop, args: tuple[str, ...], code: int, *words: str) -> None:
    """`args` end with `code` and `words`, and the API server was asked for no write."""
    before, stored = len(shop.writes()), shop.client.find(CAFED, NAME)

    says(shop.cafe(*args), code, *words)

    assert len(shop.writes()) == before
    assert shop.client.find(CAFED, NAME) == stored


def edited(shop: Shop, path: str, value: Any, op: str = "add") -> None:
    """One edit of the stored template, by JSON pointer below spec.template."""
    patch = [{"op": op, "path": f"/spec/template{path}", "value": value}]
    shop.client.patch(CAFED, NAME, patch, kind="application/json-patch+json")
