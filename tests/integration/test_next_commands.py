"""Every next command that `status` prints is accepted in the state that printed it (protocol 9)."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop


def edited(shop: Shop) -> None:
    """Completed, and the spec was edited since."""
    ways.completed(shop)
    ways.edit_image(shop, "app:v3")


def spec_changed(shop: Shop) -> None:
    """Failed, for the spec was edited under the release."""
    ways.progressing(shop)
    ways.edit_image(shop, "app:v3")
    assert shop.cafe("drive", NAME).code == 4


WAYS: dict[Callable[[Shop], None], tuple[str, ...]] = {
    ways.progressing: ("drive",),
    ways.awaiting_confirm: ("confirm",),
    ways.paused: ("resume",),
    ways.rolling_back: ("drive",),
    ways.aborting: ("drive",),
    ways.failed: ("rollback", "upgrade", "retry", "abort"),
    spec_changed: ("rollback", "upgrade", "abort"),
    ways.aborted: ("upgrade", "rollback"),
    edited: ("upgrade",),
}
CASES = [(way, number) for way, verbs in WAYS.items() for number in range(len(verbs))]


@pytest.mark.parametrize(
    ("way", "number"), CASES, ids=[f"{way.__name__}-{WAYS[way][n]}" for way, n in CASES]
)
def test_a_next_command_of_a_status_is_accepted(
    shop: Shop, way: Callable[[Shop], None], number: int
) -> None:
    way(shop)
    status = shop.cafe("status", NAME, "-o", "json").document()
    commands = [shlex.split(line) for line in status["next"]]
    assert tuple(command[2] for command in commands) == WAYS[way]

    _, _, verb, *words = commands[number]
    words = [word.replace("=IMAGE", "=app:v4") for word in words if word != "-n"]
    words.remove(shop.client.namespace or "")
    agreed = ["--yes"] if verb in ("upgrade", "rollback") else []
    done = shop.cafe(verb, *words, *agreed, "--timeout", "20s")

    # It may fail, wait or time out as a release: it is no usage error, conflict or refusal.
    assert done.code in (0, 3, 4, 5), done.err
