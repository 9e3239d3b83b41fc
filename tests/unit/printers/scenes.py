"""Releases as a person finds them at night, for the views that show them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from kubectl_cafe.status.model import CellLine, ImageChange, PodLine, Status
from kubectl_cafe.waits import For, Wait

CELLS = ("CellA", "CellB")
PULL = (
    'ImagePullBackOff: Back-off pulling image "registry.example/app:v2": ErrImagePull: failed to'
    ' resolve reference "registry.example/app:v2": registry.example/app:v2: not found'
)


def pods(count: int) -> list[PodLine]:
    """Pods at revision 1, in traffic, spread over two cells."""
    return [
        PodLine(
            name=f"productpage-{CELLS[n % 2].lower()}-{n:05d}",
            cell=CELLS[n % 2],
            ready=True,
            available=True,
            revision="1",
            images="registry.example/app:v1",
            phase="",
            restarts=0,
            ip=f"10.200.{n // 250}.{n % 250}",
            node=f"node-{CELLS[n % 2].lower()}-1",
        )
        for n in range(count)
    ]


def done(pod: PodLine) -> PodLine:
    """Upgraded by the group at work, in traffic again."""
    return replace(pod, revision="2", updated=True, current=True, restarts=1)


def restarting(pod: PodLine, trouble: str = "") -> PodLine:
    """Its image patch is out."""
    off = replace(pod, ready=False, available=False, revision="2", trouble=trouble)
    return replace(off, phase="patched", current=True)


def drained(pod: PodLine) -> PodLine:
    """On its way out of traffic."""
    return replace(pod, ready=False, available=False, phase="drained", current=True)


def cells(total: int, groups: tuple[int, ...], updated: int = 1, moving: int = 1) -> list[CellLine]:
    """Two cells that are equally far."""
    return [CellLine(cell, total, updated, total - moving, moving, groups) for cell in CELLS]


TEN = pods(10)
PROGRESSING = Status(
    name="productpage",
    namespace="payments",
    state="Progressing",
    release="r-1a2b3c4d",
    kind="upgrade",
    source="revision 1 (main=registry.example/app:v1)",
    target="revision 2 (main=registry.example/app:v2)",
    changes=(ImageChange("main", "registry.example/app:v1", "registry.example/app:v2"),),
    group=2,
    groups=3,
    step="upgrade",
    time="2026-11-24T03:00:00Z",
    age=22.0,
    elapsed=93.0,
    remaining=124.0,
    who="alice",
    why="CHG-1234",
    driver="alice on laptop, pid 4711",
    renewed=3.0,
    waits=(
        Wait(For.RESTART, (TEN[2].name, TEN[3].name), message="restarting"),
        Wait(For.TRAFFIC, (TEN[4].name,)),
    ),
    last="start by alice at 2026-11-24T02:58:27Z: CHG-1234",
    cells=tuple(cells(5, (1, 3, 5))),
    pods=(
        *map(done, TEN[:2]),
        *map(restarting, TEN[2:4]),
        drained(TEN[4]),
        *TEN[5:],
    ),
)
MANY = pods(300)
COMMANDS = ("retry", "rollback", "upgrade --supersede", "abort")
SCENES: Mapping[str, Status] = {
    "progressing": PROGRESSING,
    "300-pods": replace(
        PROGRESSING,
        group=7,
        groups=38,
        waits=(Wait(For.RESTART, tuple(pod.name for pod in MANY[60:80]), message="restarting"),),
        cells=tuple(cells(150, tuple(range(1, 151, 4)), updated=25, moving=10)),
        pods=(
            *map(done, MANY[:60]),
            *map(restarting, MANY[60:80]),
            restarting(MANY[80], "main: CrashLoopBackOff"),
            *MANY[81:],
        ),
    ),
    "failed": replace(
        PROGRESSING,
        state="Failed",
        origin="Progressing",
        remaining=None,
        driver="nobody",
        renewed=None,
        failure=f"{TEN[2].name}/main: {PULL}",
        waits=(
            Wait(For.DECISION),
            Wait(For.CONTAINER, (TEN[2].name,), "main", *PULL.split(": ", 1)),
        ),
        next=tuple(f"kubectl cafe {verb} productpage -n payments" for verb in COMMANDS),
        pods=(
            *map(done, TEN[:2]),
            restarting(TEN[2], "main: ImagePullBackOff"),
            *TEN[3:],
        ),
    ),
    "awaiting": replace(
        PROGRESSING,
        state="AwaitingConfirm",
        remaining=None,
        waits=(Wait(For.CONFIRMATION, name="2"),),
        next=("kubectl cafe confirm productpage -n payments --group 2 --detach",),
        cells=tuple(cells(5, (1, 3, 5), moving=0)),
        pods=(*map(done, TEN[:2]), *TEN[2:]),
    ),
    "paused": replace(
        PROGRESSING,
        state="Paused",
        origin="Progressing",
        remaining=None,
        driver="",
        renewed=None,
        waits=(Wait(For.RESUME), Wait(For.RESTART, (TEN[2].name,), message="restarting")),
        notes=("the template was edited since: the next release takes it",),
        next=("kubectl cafe resume productpage -n payments",),
    ),
    "nobody-drives": replace(
        PROGRESSING,
        remaining=None,
        driver="nobody",
        renewed=None,
        waits=(Wait(For.DRIVER), *PROGRESSING.waits),
        next=("kubectl cafe drive productpage -n payments",),
    ),
}
"""By their names, which are those of the files in golden/."""
