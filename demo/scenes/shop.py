"""The CafeDeployment `shop`, around which the scenes of docs/ are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from demo.scenes.balancer import LoadBalancer
from demo.scenes.operator import Operator
from testbed.client import Object
from testbed.objects import phase
from testbed.puppet import Puppet
from testbed.waiting import wait_for

SHOP = "shop"
LEASE = f"cafe-{SHOP}"
EXAMPLES = Path(__file__).parents[2] / "examples"
V2 = ("--image", "shop=app:v2")
DRIVER = "driver"
"""The name of the command in the background that drives the release."""
LONG_AGO = "2020-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Scene:
    """The CafeDeployment `shop`: the example, with four pods in two cells, in groups of two."""

    operator: Operator
    puppet: Callable[[str], Puppet]
    balancer: Callable[[], LoadBalancer]
    restart_ms: int = 0
    """How long a slow restart takes, in place of what the scene says; 0: as the scene says."""

    def cafe(self, *args: str, code: int = 0) -> None:
        """`kubectl cafe ...`; raises TestbedError unless it ends with the exit code `code`."""
        self.operator.kubectl("cafe", *args, code=code)

    def create(
        self,
        example: str = "productpage",
        slow: int = 30,
        cells: Sequence[str] = ("CellA", "CellB"),
        pod: Object | None = None,
        **strategy: Any,
    ) -> None:
        """Create it from an example in examples/; `pod` is more of its pod's spec."""
        objects = list(described(example, slow, cells, pod, **strategy))
        what = f"a Service and the CafeDeployment {SHOP}: 4 pods in {' and '.join(cells)}"
        self.operator.create(objects, f"{SHOP}.yaml", what)

    def first_release(self, example: str = "productpage", slow: int = 30, **strategy: Any) -> None:
        """Create it and release it once; then every group has to be confirmed."""
        self.create(example, slow, **strategy)
        self.upgrade()
        self.edit({"strategy": {"needWaitingForConfirm": True}})

    def upgrade(self, *flags: str, code: int = 0) -> None:
        """`kubectl cafe upgrade shop --yes ...`."""
        self.cafe("upgrade", SHOP, "--yes", *flags, code=code)

    def start_upgrade(self, *flags: str) -> None:
        """The same, as if in another terminal."""
        self.operator.start(DRIVER, "cafe", "upgrade", SHOP, "--yes", *flags)

    def edit(self, spec: Object) -> None:
        """Change the CafeDeployment's spec, as `kubectl edit` would."""
        self.patch("cafed", SHOP, {"spec": spec}, "merge")

    def set_image(self, image: str) -> None:
        """Change the image in the CafeDeployment's template."""
        self.edit({"template": {"spec": {"containers": [{"name": SHOP, "image": image}]}}})

    def patch(self, kind: str, name: str, body: Object, patch_type: str = "strategic") -> None:
        """`kubectl patch`."""
        text = json.dumps(body, separators=(",", ":"))
        self.operator.kubectl("patch", kind, name, "--type", patch_type, "-p", text)

    def pods(self) -> list[Object]:
        """Its pods that are not being deleted, by name."""
        return self.operator.pods()

    def until(self, what: str, seen: Callable[[], object]) -> None:
        """Wait until `seen`; raises TestbedError that says what was waited for."""
        self.operator.say(f"(waiting for {what})")
        wait_for(seen, what, 30, every=0.2)

    def until_status_has(self, words: str) -> None:
        """Wait until `kubectl cafe status` shows these words."""
        self.until(
            f"{words} in the status",
            lambda: words in self.operator.answer("cafe", "status", SHOP),
        )

    def driven(self, slow: int) -> None:
        """Start a driver; both pods of group 1 restart, for so many ms."""
        slow = self.restart_ms or slow
        self.operator.say(f"(restarts take {slow // 1000} s)")
        self.first_release(slow=slow)
        self.start_upgrade(*V2)
        self.until_two_restart()

    def slow_down(self, slow: int) -> None:
        """Make the restarts of the pods that are there take so many ms."""
        slow = self.restart_ms or slow
        self.operator.say(f"(restarts take {slow // 1000} s from here on)")
        note = f"testbed.cafe/pull-ms={slow}"
        self.operator.kubectl("annotate", "pods", "--all", "--overwrite", note)

    def until_two_restart(self) -> None:
        """Wait until two pods restart with another image."""
        self.until(
            "two pods that restart",
            lambda: [phase(pod) for pod in self.pods()].count("patched") == 2,
        )

    def killed(self, slow: int) -> None:
        """The same, and the driver was killed longer than the lease lasts ago."""
        self.driven(slow)
        self.operator.kill(DRIVER)
        self.expire_lease()

    def expire_lease(self) -> None:
        """Set the lease back, so that no command has to wait until it expires."""
        self.patch("lease", LEASE, {"spec": {"renewTime": LONG_AGO}}, "merge")


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
