"""What an API server does to pods on their way in: an admission policy of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from testbed.client import MERGE, Client, Object, Refused
from testbed.waiting import wait_for

POLICIES = "admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
BINDINGS = "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings"
CHECKS = "admissionregistration.k8s.io/v1/validatingadmissionpolicies"
CHECK_BINDINGS = "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
MIRROR = "mirror.example/"


@dataclass(frozen=True)
class Admission:
    """Changes, or refuses, the pods of one namespace; `client` is of that namespace."""

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

    def forbid(self, image: str, message: str) -> None:
        """Let no pod have `image`, and say `message`."""
        everything, meta = self.client.within(None), {"metadata": {"name": self._name}}
        rule = f'object.spec.containers.all(c, c.image != "{image}")'
        policy = {
            "matchConstraints": {"resourceRules": [_rule(["CREATE", "UPDATE"])]},
            "failurePolicy": "Fail",
            "validations": [{"expression": rule, "message": message}],
        }
        everything.create(CHECKS, {**meta, "spec": policy})
        bound = {**self._bound(), "validationActions": ["Deny"]}
        everything.create(CHECK_BINDINGS, {**meta, "spec": bound})
        wait_for(lambda: not self._tried(lambda _pod: True, image), "the policy to be in force")

    def freeze(self, resource: str, message: str, reason: str = "Invalid") -> None:
        """Let no `resource` of group apps be updated, and answer `message` with `reason`."""
        everything, meta = self.client.within(None), {"metadata": {"name": self._name}}
        rule = {
            "apiGroups": ["apps"],
            "apiVersions": ["v1"],
            "operations": ["UPDATE"],
            "resources": [resource],
        }
        check = {"expression": "false", "message": message, "reason": reason}
        policy = {
            "matchConstraints": {"resourceRules": [rule]},
            "failurePolicy": "Fail",
            "validations": [check],
        }
        everything.create(CHECKS, {**meta, "spec": policy})
        bound = {**self._bound(), "validationActions": ["Deny"]}
        everything.create(CHECK_BINDINGS, {**meta, "spec": bound})
        wait_for(lambda: not self._updated(f"apps/v1/{resource}"), "the policy to be in force")

    def _updated(self, resource: str) -> bool:
        """Whether the first object of a resource may be updated; it is only tried."""
        (found, *_) = self.client.list(resource)
        notes = {"metadata": {"annotations": {"trial": "1"}}}
        try:
            self.client.patch(resource, found["metadata"]["name"], notes, kind=MERGE, dryRun="All")
        except Refused:
            return False
        return True

    def remove(self) -> None:
        """Leave the cluster as it was: a policy is in force for a moment after its deletion."""
        everything = self.client.within(None)
        check = everything.find(CHECKS, self._name) or {"spec": {"matchConstraints": {}}}
        rules = check["spec"]["matchConstraints"].get("resourceRules", [])
        frozen = [one for rule in rules for one in rule["resources"] if "apps" in rule["apiGroups"]]
        for resource in (BINDINGS, POLICIES, CHECK_BINDINGS, CHECKS):
            if everything.find(resource, self._name):
                everything.delete(resource, self._name)
        for resource in frozen:
            wait_for(partial(self._updated, f"apps/v1/{resource}"), "the policy to be gone")

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
        everything.create(BINDINGS, {**meta, "spec": self._bound()})
        wait_for(lambda: self._tried(seen), "the policy to be in force")

    def _bound(self) -> Object:
        """A binding of the policy to this namespace."""
        here = {"matchLabels": {"kubernetes.io/metadata.name": self.client.namespace}}
        return {"policyName": self._name, "matchResources": {"namespaceSelector": here}}

    def _tried(self, seen: Callable[[Object], bool], image: str = "trial:v0") -> bool:
        """Whether a pod that is only tried out is let in as `seen` wants it."""
        spec = {"containers": [{"name": "main", "image": image}]}
        body = {"metadata": {"name": "trial"}, "spec": spec}
        try:
            return seen(self.client.create("pods", body, dryRun="All"))
        except Refused:
            return False


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _policy(expression: str, operations: Sequence[str]) -> Object:
    return {
        "matchConstraints": {"resourceRules": [_rule(operations)]},
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [
            {"patchType": "JSONPatch", "jsonPatch": {"expression": f"[{expression}]"}},
        ],
    }


def _rule(operations: Sequence[str]) -> Object:
    return {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": list(operations),
        "resources": ["pods"],
    }
