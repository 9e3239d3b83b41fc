"""`version`: the versions of client, server and resource, with warnings of a mismatch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kubectl_cafe.hints import all_at, kubectl
from kubectl_cafe.names import GROUP, VERSION
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.text import printable
from kubectl_cafe.versions import newer, parsed

LAST_FOUR = ((1, 33), (1, 36))
"""The first and the last minor version of Kubernetes that this client is made for."""
SAYS_WHAT_IT_SAW = (1, 34)
"""The minor version since which a kubelet publishes a pod's observedGeneration by default (protocol
6)."""
INIT = "next: " + kubectl("cafe init")
SLOWER = "restarts are verified by time only, which takes longer"
"""The effect of rule c of protocol 6, as text: rule b needs observedGeneration."""


class Resource(NamedTuple):
    """The CafeDeployment resource of a cluster: the API versions it serves, and who installed it.

    `installed_by` is the version of kubectl-cafe that installed it, empty if the CRD can't be read.
    """

    versions: tuple[str, ...]
    installed_by: str


class Versions(NamedTuple):
    """The data of `version`. `server` is the answer of /version, None if none was requested.

    `resource` is None if the cluster does not serve CafeDeployments, or none was requested.
    `cluster` are the flags that select the cluster, for next commands.
    """

    client: str
    server: Mapping[str, object] | None = None
    resource: Resource | None = None
    cluster: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning for each mismatch of versions, with the next command."""
        if self.server is None:
            return ()
        git = str(self.server["gitVersion"])
        found = (*server_warnings(git), *resource_warnings(self.resource, self.client))
        return all_at(found, self.cluster)


def server_warnings(version: str) -> list[str]:
    """The warnings about an old API server; `version` is like v1.32.4-eks-1."""
    found = parsed(version)
    if found is None or len(found.release) < 2:
        return [f"the server's version {version!r} cannot be parsed: its age is unknown"]
    minor = found.release[:2]
    if minor < LAST_FOUR[0]:
        first, last = (".".join(map(str, one)) for one in LAST_FOUR)
        return [
            f"server {version} is older than the last four minor versions ({first} to {last}): it "
            f"does not count generations of pods, so {SLOWER}"
        ]
    if minor < SAYS_WHAT_IT_SAW:
        return [f"kubelets of {version} do not report the observed generation of a pod: {SLOWER}"]
    return []


def resource_warnings(resource: Resource | None, client: str) -> list[str]:
    """The warnings about a missing resource, or one of another version than this client's."""
    if resource is None:
        return ["CafeDeployments are not installed in this cluster; " + INIT]
    if VERSION not in resource.versions:
        served = ", ".join(resource.versions)
        return [
            f"the cluster serves CafeDeployments as {served}, this client requires {VERSION}; "
            + INIT
        ]
    if not resource.installed_by or resource.installed_by == client:
        return []
    if newer(resource.installed_by, client):
        return [
            f"the resource was installed by version {resource.installed_by}, this client is older "
            f"({client}) and may not know every field; next: kubectl krew upgrade cafe"
        ]
    return [
        f"the resource was installed by version {resource.installed_by}, this client is {client}: "
        "the cluster may refuse or drop newer fields; " + INIT
    ]


def result(versions: Versions) -> Printable:
    """The output of `version` in each format."""
    return Printable(
        documents=lambda: [document(versions)], table=lambda _: printable(render(versions))
    )


def document(versions: Versions) -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md)."""
    shown: dict[str, object] = {"clientVersion": {"version": f"v{versions.client}"}}
    if versions.server is not None:
        shown["serverVersion"] = versions.server
        shown["resource"] = _shown(versions.resource)
        shown["warnings"] = versions.warnings
    return documents.document("Version", shown)


def render(versions: Versions) -> str:
    """One line for each version, as `kubectl version` prints them."""
    lines = [f"Client Version: v{versions.client}"]
    if versions.server is not None:
        lines.append(f"Server Version: {versions.server['gitVersion']}")
        lines.append(f"Resource Version: {_told(versions.resource)}")
    return "\n".join(lines)


def _shown(resource: Resource | None) -> dict[str, object] | None:
    if resource is None:
        return None
    return {
        "apiVersions": [f"{GROUP}/{version}" for version in resource.versions],
        "installedBy": f"v{resource.installed_by}" if resource.installed_by else None,
    }


def _told(resource: Resource | None) -> str:
    if resource is None:
        return "not installed"
    by = f" (installed by v{resource.installed_by})" if resource.installed_by else ""
    return ", ".join(f"{GROUP}/{version}" for version in resource.versions) + by
