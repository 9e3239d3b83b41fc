"""Whether the user may write what the release will write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from kubectl_cafe import names
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, ok, refused, unknown, warning

CHECK = "rights"


@dataclass(frozen=True)
class Right:
    """One verb on one resource of the release's namespace."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    @property
    def path(self) -> str:
        """The resource as kubectl spells it: pods/status, leases.coordination.k8s.io."""
        plural = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{plural}/{self.subresource}" if self.subresource else plural

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"

    def can_i(self, namespace: str) -> str:
        """The kubectl command that checks this right."""
        plural = f"{self.resource}.{self.group}" if self.group else self.resource
        sub = f" --subresource={self.subresource}" if self.subresource else ""
        return kubectl(f"auth can-i {self.verb} {plural}{sub}", namespace)


LEAST = "   (roles with the least permissions: " + kubectl("cafe init --rbac") + ")"
RECORD = Right("patch", names.PLURAL, names.GROUP)
STATUS = Right("patch", names.PLURAL, names.GROUP, "status")
OWN = Right("update", names.PLURAL, names.GROUP, "finalizers")
PODS = Right("patch", "pods")
GATES = Right("patch", "pods", subresource="status")
NEW_REVISION = Right("create", "controllerrevisions", "apps")
REVISE = Right("patch", "controllerrevisions", "apps")
PRUNE = Right("delete", "controllerrevisions", "apps")
NEW_LEASE = Right("create", "leases", "coordination.k8s.io")
LEASE = Right("update", "leases", "coordination.k8s.io")
TELL = Right("create", "events")

ALWAYS = frozenset({RECORD, STATUS, NEW_REVISION, REVISE, LEASE})
"""The rights that every release needs, whatever its workloads are.

`LEASE` is among them because a Lease that this tool has created is renewed by an update, too.
"""
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
"""The RBAC verb for a request of one object, by HTTP method."""
CONSEQUENCES = {
    OWN: "a server that protects blockOwnerDeletion will refuse owned objects",
    PRUNE: "revisions beyond historyLimit will not be deleted",
    TELL: "no Events are recorded",
}
"""What does not work in a release without a right that it can do without."""


def of_workloads(resource: str) -> frozenset[Right]:
    """The rights on workloads: create, also for dry runs of a template, and patch, for the commit.

    `resource` is their plural in apps/v1, such as replicasets.
    """
    return frozenset({Right("create", resource, "apps"), Right("patch", resource, "apps")})


def every(resource: str) -> frozenset[Right]:
    """The rights for all writes of a release, as the role of operators in manifests/rbac.yaml."""
    others = {OWN, PODS, GATES, PRUNE, NEW_LEASE, TELL}
    return ALWAYS | of_workloads(resource) | others


def needed(resource: str, *, pods: bool, gated: bool, leased: bool) -> frozenset[Right]:
    """The rights without which the release is certain to fail.

    `resource` is the workloads' resource. `pods`: there are pods to patch; `gated`: some of them
    have our readiness gate; `leased`: the release's Lease exists, or may exist.
    """
    of_pods = {PODS} if pods else set()
    of_gates = {GATES} if gated else set()
    of_lease = set() if leased else {NEW_LEASE}
    return ALWAYS | of_workloads(resource) | of_pods | of_gates | of_lease


def judge(
    answers: Mapping[Right, bool] | CafeError | None, sure: Iterable[Right], namespace: str
) -> list[Finding]:
    """The findings about denied rights; a denied right of `sure` refuses the release.

    `answers`: whether each right is allowed, or the error of the review; None: not reviewed. `sure`
    are the rights without which the release is certain to fail.
    """
    if answers is None:
        return []
    if isinstance(answers, CafeError):
        return [unknown(CHECK, f"permissions for the release's writes: {answers.message}")]
    denied = sorted((right for right, allowed in answers.items() if not allowed), key=str)
    fatal = [right for right in denied if right in set(sure)]
    if fatal:
        listed = ", ".join(map(str, fatal))
        hint = fatal[0].can_i(namespace) + LEAST
        where = f"{fatal[0].path} in namespace {namespace}"
        return [refused(CHECK, f"no permission to {listed}", where=where, hint=hint)]
    if not denied:
        return [ok(CHECK, f"permissions for all {len(answers)} kinds of write")]
    return [
        warning(
            CHECK,
            f"no permission to {right}: {CONSEQUENCES.get(right, 'this release does not need it')}",
            hint=right.can_i(namespace),
        )
        for right in denied
    ]


def asked(method: str, path: str) -> tuple[Right, str, str]:
    """The right that a request needs, its namespace and its object's name ("" for a create)."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = (*rest, "", "")[:3]
    verb = "list" if method == "GET" and not name else VERBS.get(method, "patch")
    return Right(verb, resource, group, subresource), namespace, name


def review(right: Right, namespace: str, name: str = "") -> dict[str, object]:
    """The SelfSubjectAccessReview of one right; with `name`, for that object."""
    attributes = {
        "namespace": namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        **({"name": name} if name else {}),
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
