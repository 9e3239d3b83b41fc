"""`version`: which client, which server, which resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.printing import print_data
from kubectl_cafe.cli.session import connect
from kubectl_cafe.names import API_VERSION, GROUP, VERSION
from kubectl_cafe.version import VERSION as CLIENT

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport

COUNTS_GENERATIONS = (1, 33)
"""Since then a pod's metadata.generation moves with its spec (protocol 6)."""
SAYS_WHAT_IT_SAW = (1, 34)
"""Since then a kubelet publishes a pod's observedGeneration by itself (protocol 6)."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The CafeDeployment resource of a cluster: the API versions it serves, and who installed it.

    `installed_by` is empty where the CRD itself may not be read.
    """

    versions: tuple[str, ...]
    installed_by: str


@click.command("version", short_help="Print the versions of client, server and resource")
@click.option("--client", is_flag=True, help="The client's alone; no server is asked.")
@options.output_option("json", "yaml")
@options.access_options
def command(access: AccessFlags, *, client: bool, output: str | None) -> None:
    """Print the versions of the client, the API server and the CafeDeployment resource.

    What the server's version, or a missing resource, means for a release is said on stderr.
    """
    report: dict[str, Any] = {
        "apiVersion": "cafe.sofastack.io/v1",
        "kind": "Version",
        "clientVersion": {"version": f"v{CLIENT}"},
    }
    warnings: list[str] = []
    if not client:
        transport = connect(access).transport
        server = _server(transport)
        resource = _resource(transport)
        report["serverVersion"] = server
        report["resource"] = _shown(resource)
        warnings = [*server_warnings(server["gitVersion"]), *resource_warnings(resource)]
    if output:
        print_data(report, output)
    else:
        click.echo("\n".join(_lines(report)))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def server_warnings(version: str) -> list[str]:
    """What an old API server means for completion; `version` as in v1.32.4-eks-1."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if found is None:
        return [f"the server's version {version!r} can't be read: its age is unknown"]
    number = (int(found[1]), int(found[2]))
    if number < COUNTS_GENERATIONS:
        return [
            f"server {version} does not count a pod's generations: a restart counts as done by "
            "the older, slower rules"
        ]
    if number < SAYS_WHAT_IT_SAW:
        return [
            f"kubelets of {version} do not say which generation of a pod they have seen: a "
            "restart counts as done by the older, slower rules"
        ]
    return []


def resource_warnings(resource: Resource | None) -> list[str]:
    """What is missing in the cluster, with the next command."""
    if resource is None:
        return ["CafeDeployments are not installed in this cluster; next: kubectl cafe init"]
    if VERSION not in resource.versions:
        served = ", ".join(resource.versions)
        return [
            f"the cluster serves CafeDeployments as {served}, this client speaks {VERSION}; "
            "next: kubectl cafe init"
        ]
    if resource.installed_by and resource.installed_by != CLIENT:
        return [
            f"version {resource.installed_by} installed the resource, this client is {CLIENT}; "
            "next: kubectl cafe init, or kubectl krew upgrade cafe"
        ]
    return []


def _server(transport: Transport) -> dict[str, Any]:
    from kubectl_cafe.cluster import paths

    return {"gitVersion": "unknown", **transport.get(paths.version())}


def _resource(transport: Transport) -> Resource | None:
    """What the cluster serves, by discovery: everybody may ask that; the CRD few may read."""
    from kubectl_cafe.cluster import paths
    from kubectl_cafe.cluster.errors import Forbidden, Gone, NoSuchKind
    from kubectl_cafe.manifests import INSTALLED_BY

    try:
        group = transport.get(f"/apis/{GROUP}")
    except (Gone, NoSuchKind):
        return None
    versions = tuple(version["version"] for version in group["versions"])
    try:
        labels = transport.get(paths.crds())["metadata"].get("labels") or {}
    except (Forbidden, Gone):
        return Resource(versions, "")
    return Resource(versions, labels.get(INSTALLED_BY, ""))


def _shown(resource: Resource | None) -> dict[str, Any] | None:
    if resource is None:
        return None
    return {
        "apiVersions": [f"{GROUP}/{version}" for version in resource.versions],
        "installedBy": f"v{resource.installed_by}" if resource.installed_by else None,
    }


def _lines(report: dict[str, Any]) -> list[str]:
    lines = [f"Client Version: {report['clientVersion']['version']}"]
    if "serverVersion" not in report:
        return lines
    lines.append(f"Server Version: {report['serverVersion']['gitVersion']}")
    resource = report["resource"]
    if resource is None:
        return [*lines, "Resource Version: not installed"]
    by = f" (installed by {resource['installedBy']})" if resource["installedBy"] else ""
    shown = ", ".join(resource["apiVersions"]) or API_VERSION
    return [*lines, f"Resource Version: {shown}{by}"]
