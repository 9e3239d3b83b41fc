"""The real nodes of `make demo NODE=real`, one a cell; `python -m demo.realnodes` ends them."""

from __future__ import annotations

from testbed.__main__ import HOME
from testbed.controlplane import ControlPlane
from testbed.realnode import RealNode

CELLS = ("RealA", "RealB")


def nodes() -> list[RealNode]:
    """They outlive the demo, as its cluster does, and take only pods that tolerate them."""
    plane = ControlPlane(HOME)
    return [
        RealNode(
            plane,
            HOME.parent / f"node-{cell.lower()}",
            name=f"real-{cell.lower()}",
            cell=cell,
            detached=True,
        )
        for cell in CELLS
    ]


if __name__ == "__main__":
    for node in nodes():
        if node.directory.exists():
            node.stop()
