"""What the demo creates, as data: a Service and a CafeDeployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.nodeconfig import TOLERATION

NAME = "productpage"
LABELS = {"name": "bookinfo", "instance": NAME}
Object = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """Which images and cells; `gate`: Gate mode instead of Label mode; `real`: a real kubelet;
    `then`: the image to play on with; `slow`: ms of a restart on a simulated node."""

    old: str
    new: str
    cells: tuple[str, ...]
    replicas: int = 10
    gate: bool = False
    real: bool = False
    sidecar: str = ""
    then: str = ""
    slow: int = 0

    def objects(self) -> list[Object]:
        """The Service first: the traffic mode of a pod depends on it."""
        return [self._service(), self._deployment()]

    def _service(self) -> Object:
        by_label = {} if self.gate else {"cafe.sofastack.io/traffic": "on"}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": NAME},
            "spec": {
                "selector": {**LABELS, **by_label},
                "ports": [{"port": 80, "targetPort": 8080}],
            },
        }

    def _deployment(self) -> Object:
        cells: Object = {"unitType": "None"}
        if self.cells:
            cells = {"unitType": "Cell", "values": list(self.cells)}
        return {
            "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
            "kind": "CafeDeployment",
            "metadata": {"name": NAME},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": LABELS},
                "strategy": {
                    "upgradeType": "Beta",
                    "batchSize": 4,
                    "needWaitingForConfirm": True,
                    "maxUnavailable": 4,
                    "minReadySeconds": 1,
                },
                "template": self._template(),
                "topology": cells,
            },
        }

    def _template(self) -> Object:
        traffic = {} if self.gate else {"cafe.sofastack.io/traffic": "on"}
        main: Object = {"name": "main", "image": self.old, "imagePullPolicy": "IfNotPresent"}
        spec: Object = {"containers": [main]}
        if self.sidecar:
            spec["containers"].append({**main, "name": "side", "image": self.sidecar})
        if self.gate:
            spec["readinessGates"] = [{"conditionType": "cafe.sofastack.io/in-service"}]
        if self.real:
            main["readinessProbe"] = {
                "httpGet": {"path": "/ready", "port": 8080},
                "periodSeconds": 1,
            }
            spec["automountServiceAccountToken"] = False
            spec["tolerations"] = [TOLERATION]
            spec["terminationGracePeriodSeconds"] = 5
        notes = {"testbed.cafe/kill-ms": str(self.slow)} if self.slow else {}
        return {"metadata": {"labels": {**LABELS, **traffic}, "annotations": notes}, "spec": spec}
