"""What an API server does to pods on their way in: a MutatingAdmissionPolicy of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testbed.client import Client, Object, Refused
from testbed.waiting import wait_for

POLICIES = "admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
BINDINGS = "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings"
MIRROR = "mirror.example/"


@dataclass(frozen=True)
class Admission:
    """Changes the pods of one namespace; `client` is of that namespace."""

    client: Client

    @property
    def _name(self) -> str:
        return f"admission-{self.client.namespace}"

    def inject(self, name: str, image: str) -> None:
        """Put a sidecar before every newborn pod's containers."""
        sidecar = f'Object.spec.containers{{name: "{name}", image: "{image}"}}'
        add = f'JSONPatch{{op: "add", path: "/spec/containers/0", value: {sidecar}}}'
        self._mutate(add, ["CREATE"], lambda pod: pod["spec"]["containers"][0]["name"] == name)

    def mirror(self, operations: Sequence[str] = ("CREATE", "UPDATE")) -> None:
        """Pull the first container's image from a mirror: the string is in no template."""
        at = "object.spec.containers[0].image"
        value = f'({at}.startsWith("{MIRROR}") ? "" : "{MIRROR}") + {at}'
        self._rewrite(value, operations, lambda pod: _image(pod).startswith(MIRROR))

    def pin(self, image: str) -> None:
        """Run this image in the first container, whatever is asked for."""
        self._rewrite(f'"{image}"', ["CREATE", "UPDATE"], lambda pod: _image(pod) == image)

    def remove(self) -> None:
        """Leave the cluster as it was."""
        everything = self.client.within(None)
        for resource in (BINDINGS, POLICIES):
            if everything.find(resource, self._name):
                everything.delete(resource, self._name)

    def _rewrite(
        self, value: str, operations: Sequence[str], seen: Callable[[Object], bool]
    ) -> None:
        replace = f'JSONPatch{{op: "replace", path: "/spec/containers/0/image", value: {value}}}'
        self._mutate(replace, operations, seen)

    def _mutate(
        self, expression: str, operations: Sequence[str], seen: Callable[[Object], bool]
    ) -> None:
        everything, meta = self.client.within(None), {"metadata": {"name": self._name}}
        everything.create(POLICIES, {**meta, "spec": _policy(expression, operations)})
        here = {"matchLabels": {"kubernetes.io/metadata.name": self.client.namespace}}
        bound = {"policyName": self._name, "matchResources": {"namespaceSelector": here}}
        everything.create(BINDINGS, {**meta, "spec": bound})
        wait_for(lambda: self._tried(seen), "the policy to be in force")

    def _tried(self, seen: Callable[[Object], bool]) -> bool:
        """Whether a pod that is only tried out is changed."""
        spec = {"containers": [{"name": "main", "image": "trial:v0"}]}
        body = {"metadata": {"name": "trial"}, "spec": spec}
        try:
            return seen(self.client.create("pods", body, dryRun="All"))
        except Refused:
            return False


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _policy(expression: str, operations: Sequence[str]) -> Object:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": list(operations),
        "resources": ["pods"],
    }
    return {
        "matchConstraints": {"resourceRules": [rule]},
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [
            {"patchType": "JSONPatch", "jsonPatch": {"expression": f"[{expression}]"}},
        ],
    }
