"""The URL paths of the API server's resources: each function returns the path of one resource.

`ns` None is all namespaces; without `name` the path is the collection's; `sub` is a subresource.
"""

from __future__ import annotations

from urllib.parse import quote

from kubectl_cafe.names import CRD, GROUP, PLURAL, VERSION


def _path(
    api: str, plural: str, ns: str | None, name: str | None = None, sub: str | None = None
) -> str:
    parts = [api]
    if ns is not None:
        parts += ["namespaces", quote(ns, safe="")]
    parts.append(plural)
    if name is not None:
        parts.append(quote(name, safe=""))
        if sub is not None:
            parts.append(sub)
    return "/".join(parts)


def pods(ns: str | None, name: str | None = None, sub: str | None = None) -> str:
    """Pods; `sub`: status, log, eviction."""
    return _path("/api/v1", "pods", ns, name, sub)


def services(ns: str | None, name: str | None = None) -> str:
    """Services."""
    return _path("/api/v1", "services", ns, name)


def configmaps(ns: str | None, name: str | None = None) -> str:
    """ConfigMaps."""
    return _path("/api/v1", "configmaps", ns, name)


def secrets(ns: str | None, name: str | None = None) -> str:
    """Secrets."""
    return _path("/api/v1", "secrets", ns, name)


def resourcequotas(ns: str | None, name: str | None = None) -> str:
    """ResourceQuotas."""
    return _path("/api/v1", "resourcequotas", ns, name)


def limitranges(ns: str | None, name: str | None = None) -> str:
    """LimitRanges."""
    return _path("/api/v1", "limitranges", ns, name)


def namespaces(name: str | None = None) -> str:
    """Namespaces."""
    return _path("/api/v1", "namespaces", None, name)


def nodes(name: str | None = None) -> str:
    """Nodes."""
    return _path("/api/v1", "nodes", None, name)


def events(ns: str | None, name: str | None = None) -> str:
    """Events, as `kubectl describe` reads them (the core API)."""
    return _path("/api/v1", "events", ns, name)


def endpointslices(ns: str | None, name: str | None = None) -> str:
    """EndpointSlices."""
    return _path("/apis/discovery.k8s.io/v1", "endpointslices", ns, name)


def workloads(resource: str, ns: str | None, name: str | None = None) -> str:
    """The workloads of a podSetType; `resource` is their plural in apps/v1, such as replicasets."""
    return _path("/apis/apps/v1", resource, ns, name)


def deployments(ns: str | None, name: str | None = None, sub: str | None = None) -> str:
    """Deployments; `sub`: status, scale."""
    return _path("/apis/apps/v1", "deployments", ns, name, sub)


def replicasets(ns: str | None, name: str | None = None, sub: str | None = None) -> str:
    """ReplicaSets; `sub`: status, scale."""
    return _path("/apis/apps/v1", "replicasets", ns, name, sub)


def statefulsets(ns: str | None, name: str | None = None, sub: str | None = None) -> str:
    """StatefulSets; `sub`: status, scale."""
    return _path("/apis/apps/v1", "statefulsets", ns, name, sub)


def controllerrevisions(ns: str | None, name: str | None = None) -> str:
    """ControllerRevisions."""
    return _path("/apis/apps/v1", "controllerrevisions", ns, name)


def cafedeployments(ns: str | None, name: str | None = None, sub: str | None = None) -> str:
    """CafeDeployments; `sub`: status."""
    return _path(f"/apis/{GROUP}/{VERSION}", PLURAL, ns, name, sub)


def leases(ns: str | None, name: str | None = None) -> str:
    """Leases."""
    return _path("/apis/coordination.k8s.io/v1", "leases", ns, name)


def poddisruptionbudgets(ns: str | None, name: str | None = None) -> str:
    """PodDisruptionBudgets."""
    return _path("/apis/policy/v1", "poddisruptionbudgets", ns, name)


def horizontalpodautoscalers(ns: str | None, name: str | None = None) -> str:
    """HorizontalPodAutoscalers."""
    return _path("/apis/autoscaling/v2", "horizontalpodautoscalers", ns, name)


def crds(name: str | None = CRD) -> str:
    """CustomResourceDefinitions; by default the CafeDeployment's, None for all."""
    return _path("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", None, name)


def clusterroles(name: str | None = None) -> str:
    """ClusterRoles."""
    return _path("/apis/rbac.authorization.k8s.io/v1", "clusterroles", None, name)


def clusterrolebindings(name: str | None = None) -> str:
    """ClusterRoleBindings."""
    return _path("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", None, name)


def roles(ns: str | None, name: str | None = None) -> str:
    """Roles."""
    return _path("/apis/rbac.authorization.k8s.io/v1", "roles", ns, name)


def rolebindings(ns: str | None, name: str | None = None) -> str:
    """RoleBindings."""
    return _path("/apis/rbac.authorization.k8s.io/v1", "rolebindings", ns, name)


def selfsubjectreviews() -> str:
    """SelfSubjectReviews: the user of the request (create only)."""
    return _path("/apis/authentication.k8s.io/v1", "selfsubjectreviews", None)


def selfsubjectaccessreviews() -> str:
    """SelfSubjectAccessReviews: one right of the user (create only)."""
    return _path("/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews", None)


def version() -> str:
    """The server's version."""
    return "/version"
