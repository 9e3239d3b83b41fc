"""The live view in a real terminal: of `status -w`, and of a verb that drives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from testbed.terminal import Terminal
from testbed.waiting import wait_for
from tests.integration.leases import driver as driver_of
from tests.integration.restarting import KILL, in_the_middle
from tests.integration.shop import CAFED, NAME, Shop

Open = Callable[..., Terminal]
CTRL_C = "\x03"
SLOW = {KILL: "4000"}
V2 = ("--image", "main=app:v2", "--yes")


@pytest.fixture
def terminal(shop: Shop) -> Iterator[Open]:
    """`terminal("status", NAME, "-w")` runs the plugin in a terminal."""
    opened: list[Terminal] = []

    def start(*arguments: str, size: tuple[int, int] = (80, 24), **env: str) -> Terminal:
        opened.append(replace(shop.cafe, env=env).at_terminal(*arguments, size=size))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def until(terminal: Terminal, text: str, seconds: float = 40) -> str:
    """The screen that shows `text`."""

    def look() -> str:
        screen = terminal.screen()
        return screen if text in screen else ""

    try:
        return wait_for(look, f"{text!r} on the screen", seconds)
    except Exception as error:
        error.add_note(terminal.screen())
        raise


def titles(screen: str) -> int:
    """How many pictures are on the screen."""
    return sum(line.startswith(f"{NAME} -n ") for line in screen.splitlines())


def test_status_w_shows_a_release_from_its_start_to_its_end(shop: Shop, terminal: Open) -> None:
    shop.born(2, notes=SLOW)
    one = terminal("status", NAME, "-w")
    until(one, "Completed")

    driver = shop.start("app:v2")
    during = until(one, "restarting")
    assert driver.wait().code == 0
    after = until(one, "Completed")

    assert ("▒" in during, "▒" in after) == (True, False)
    assert titles(during) == titles(after) == 1


def test_ctrl_c_ends_status_w_and_leaves_the_terminal_as_it_was(shop: Shop, terminal: Open) -> None:
    shop.born(1)
    one = terminal("status", NAME, "-w")
    until(one, "Completed")
    during = one.modes()

    one.type(CTRL_C)

    assert one.wait() == 130
    assert during != one.before
    assert one.modes() == one.before
    assert one.screen().rstrip().endswith("interrupted")


def test_plain_lines_where_no_live_view_is_wanted(shop: Shop, terminal: Open) -> None:
    shop.make(1, batchSize=1)

    watching = terminal("status", NAME, "-w", TERM="dumb")
    until(watching, "Idle: no release yet")
    driving = terminal("upgrade", NAME, "--yes", TERM="dumb")

    assert driving.wait() == 0
    until(watching, "Completed")
    assert "\x1b" not in watching.written + driving.written
    assert "Completed: release" in driving.screen()


def test_no_color_takes_the_colours_away_and_not_the_view(shop: Shop, terminal: Open) -> None:
    shop.born(1, notes=SLOW)

    one = terminal("upgrade", NAME, *V2, NO_COLOR="1")

    assert "▒" in until(one, "restarting")
    assert one.wait() == 0
    assert re.search(r"\x1b\[[\d;]*\b[34]\dm", one.written) is None


@pytest.mark.parametrize("size", [(40, 10), (200, 60)], ids=["smaller", "larger"])
def test_the_view_fits_a_terminal_that_is_resized(
    shop: Shop, terminal: Open, size: tuple[int, int]
) -> None:
    shop.born(2, cells=("CellA", "CellB"))
    one = terminal("status", NAME, "-w")
    until(one, "Completed")

    one.resize(*size)

    def fits() -> bool:
        lines = one.screen().splitlines()
        bars = [line for line in lines if line.startswith("Cell")]
        wide = bars and max(map(len, bars))
        return len(bars) == 2 and (wide < 40 if size[0] == 40 else wide > 70)

    wait_for(fits, "a picture of the new size")
    assert titles(one.screen()) == 1


def test_a_yes_typed_beneath_the_view_confirms_and_anything_else_does_not(
    shop: Shop, terminal: Open
) -> None:
    shop.born(2, batchSize=1, confirm=True)
    one = terminal("upgrade", NAME, *V2)
    until(one, "Confirm group 2? Type yes or 2")

    one.type("nay")
    until(one, "leaves it waiting. nay")
    one.type("\n")
    until(one, "Not confirmed. Type yes or 2")
    one.type("yes\n")

    assert one.wait() == 0
    assert shop.images() == ["app:v2", "app:v2"]
    screen = one.screen()
    assert "AwaitingConfirm: group 2 of 2 waits for a confirmation" in screen
    assert "Completed: release" in screen
    assert titles(screen) == 1


def test_ctrl_c_at_a_driver_says_what_is_waited_for_and_leaves_the_terminal_as_it_was(
    shop: Shop, terminal: Open
) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    one = terminal("upgrade", NAME, *V2)
    until(one, "restarting")

    one.type(CTRL_C)

    until(one, "interrupted: no further pods; waiting for pods in flight")
    assert one.wait() == 130
    assert one.modes() == one.before
    assert f"kubectl cafe drive {NAME}" in one.screen()
    assert sorted(shop.images()) == ["app:v1", "app:v2"]


def test_a_failure_is_on_the_screen_with_pod_and_reason(shop: Shop, terminal: Open) -> None:
    shop.born(1, minReadySeconds=3)
    one = terminal("upgrade", NAME, "--image", "main=app:v2-crash", "--yes")

    assert one.wait() == 4

    screen = one.screen()
    (pod,) = shop.pods()
    assert f"Failure: {pod['metadata']['name']}/main: CrashLoopBackOff" in screen
    assert f"{pod['metadata']['name']}  not ready: main: CrashLoopBackOff" in screen


def test_a_follower_has_the_view_too_and_names_who_drives(shop: Shop, terminal: Open) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    driver = shop.start("app:v2")
    shop.until_pod(lambda pod: "app:v2" in str(pod["spec"]), "a pod to be patched")
    holder = driver_of(shop)

    one = terminal("drive", NAME)

    until(one, f"driven by {holder}")
    assert (driver.wait().code, one.wait()) == (0, 0)


def test_a_deleted_cafedeployment_ends_the_view_and_says_so(shop: Shop, terminal: Open) -> None:
    shop.born(1)
    one = terminal("status", NAME, "-w")
    until(one, "Completed")

    shop.client.delete(CAFED, NAME)

    assert one.wait() == 1
    assert f'CafeDeployment "{NAME}" in namespace {shop.client.namespace} was' in one.screen()
    assert one.modes() == one.before


def test_a_second_ctrl_c_at_a_follower_ends_it_at_once_in_plain_words(
    shop: Shop, terminal: Open
) -> None:
    in_the_middle(shop, 60)
    one = terminal("drive", NAME)
    until(one, "following")

    one.type(CTRL_C)
    one.type(CTRL_C)

    assert one.wait() == 130
    screen = one.screen()
    assert "Traceback" not in screen
    assert "<" not in screen
    assert f"kubectl cafe drive {NAME} -n" in screen
