"""`version`: the versions of client, server and resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.terminal.printing import say_as_it_is, show
from kubectl_cafe.names import GROUP
from kubectl_cafe.text import printable
from kubectl_cafe.version import VERSION

if TYPE_CHECKING:
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.printers.version import Resource, Versions


@click.command("version", short_help="Print the versions of client, server and resource")
@click.option("--client", is_flag=True, help="Print the client's version only; sends no request.")
@options.output_option("json", "yaml")
@options.access_options
def command(access: AccessFlags, *, client: bool, output: str | None) -> None:
    """Print the versions of the client, the API server and the CafeDeployment resource.

    Warnings on stderr say what an old server or an incompatible resource means for a release.
    """
    from kubectl_cafe.printers import version as view

    versions = view.Versions(VERSION) if client else _asked(connect(access).transport)
    show(view.result(versions), output)
    for warning in versions.warnings:
        say_as_it_is(printable(f"warning: {warning}"))


def _asked(transport: Transport) -> Versions:
    from kubectl_cafe.client import paths
    from kubectl_cafe.printers.version import Versions

    server = {"gitVersion": "unknown", **transport.get(paths.version())}
    return Versions(VERSION, server, _resource(transport), cluster_flags())


def _resource(transport: Transport) -> Resource | None:
    """The CafeDeployment resource of the cluster; None if it is not installed.

    Its API versions are read by discovery, which every user may read; the version of kubectl-cafe
    that installed it from the CRD, which few users may read.
    """
    from kubectl_cafe.client import paths
    from kubectl_cafe.client.errors import Forbidden, NoSuchKind, NotFound
    from kubectl_cafe.manifests import INSTALLED_BY
    from kubectl_cafe.printers.version import Resource

    try:
        group = transport.get(f"/apis/{GROUP}")
    except (NotFound, NoSuchKind):
        return None
    versions = tuple(version["version"] for version in group["versions"])
    try:
        labels = transport.get(paths.crds())["metadata"].get("labels") or {}
    except (Forbidden, NotFound):
        return Resource(versions, "")
    return Resource(versions, labels.get(INSTALLED_BY, ""))
