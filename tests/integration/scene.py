"""The CafeDeployment `shop`, around which the situations of docs/ are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from testbed.client import MERGE, Client, Object
from testbed.plugin import Cafe, Running
from testbed.puppet import Puppet
from testbed.waiting import wait_for
from tests.integration.balancer import LoadBalancer
from tests.integration.shop import CAFED, name, phase

SHOP = "shop"
BUDGETS = "policy/v1/poddisruptionbudgets"
EXAMPLES = Path(__file__).parents[2] / "examples"
V2 = ("--image", "shop=app:v2")
PAST = {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}


@dataclass(frozen=True)
class Scene:
    """The CafeDeployment `shop`: the example, with four pods in two cells, in groups of two."""

    client: Client
    cafe: Cafe
    puppet: Callable[[str], Puppet]
    balancer: Callable[[], LoadBalancer]

    def born(self, example: str = "productpage", slow: int = 30, **strategy: Any) -> None:
        """Released once; from then on every group is confirmed. `slow`: ms of a restart."""
        assert self.begin(example, slow, **strategy).wait().code == 0
        self.edit({"strategy": {"needWaitingForConfirm": True}})

    def begin(
        self,
        example: str = "productpage",
        slow: int = 30,
        cells: Sequence[str] = ("CellA", "CellB"),
        pod: Object | None = None,
        **strategy: Any,
    ) -> Running:
        """Create it from an example, and start its first release; `pod` is more of its spec."""
        service, body = described(example, slow, cells, pod, **strategy)
        self.client.create("services", service)
        self.client.create(CAFED, body)
        return self.start()

    def upgrade(self, *flags: str) -> Any:
        """`upgrade shop --yes`."""
        return self.cafe("upgrade", SHOP, "--yes", *flags)

    def start(self, *flags: str) -> Running:
        """The same, left running."""
        return self.cafe.start("upgrade", SHOP, "--yes", *flags)

    def edit(self, spec: Object) -> None:
        """As `kubectl edit` would."""
        self.client.patch(CAFED, SHOP, {"spec": spec}, kind=MERGE)

    def pods(self) -> list[Object]:
        """The living pods by name."""
        found = [p for p in self.client.list("pods") if "deletionTimestamp" not in p["metadata"]]
        return sorted(found, key=name)

    def until(self, seen: Callable[[Object], object]) -> Object:
        """The first pod of which `seen` is true."""
        found = wait_for(lambda: next((p for p in self.pods() if seen(p)), None), "a pod", 30)
        assert found is not None
        return found

    def killed(self, slow: int) -> None:
        """A driver killed while both pods of group 1 restart, half a minute ago."""
        self.driven(slow).kill9()
        self.drop_lease()

    def driven(self, slow: int) -> Running:
        """A driver whose two pods of group 1 restart, for so many ms."""
        self.born(slow=slow)
        running = self.start(*V2)
        wait_for(lambda: [phase(p) for p in self.pods()].count("patched") == 2, "two pods", 30)
        return running

    def drop_lease(self) -> None:
        """Half a minute later: the lease of whoever was killed has run out."""
        self.client.patch("coordination.k8s.io/v1/leases", f"cafe-{SHOP}", PAST)


def described(
    example: str = "productpage",
    slow: int = 30,
    cells: Sequence[str] = ("CellA", "CellB"),
    pod: Object | None = None,
    **strategy: Any,
) -> tuple[Object, Object]:
    """The Service and the CafeDeployment."""
    text = (EXAMPLES / f"{example}.yaml").read_text()
    for known in ("productpage", "payments"):
        text = text.replace(known, SHOP)
    service, body = yaml.safe_load_all(text)
    spec = body["spec"]
    quick = {"minReadySeconds": 0, "drainSeconds": 0, "needWaitingForConfirm": False}
    spec["replicas"] = 4
    spec["strategy"] |= {"batchSize": 2, "maxUnavailable": 2, **quick, **strategy}
    spec["topology"] = {"unitType": "Cell", "values": list(cells)}
    spec["template"]["metadata"]["annotations"] = {"testbed.cafe/kill-ms": str(slow)}
    spec["template"]["spec"] |= {
        "containers": [{"name": SHOP, "image": "app:v1"}],
        "terminationGracePeriodSeconds": 0,
        **(pod or {}),
    }
    return service, body
