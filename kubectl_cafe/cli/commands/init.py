"""`init`: install the CRD and the roles."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.terminal.asking import Effect, ask
from kubectl_cafe.cli.terminal.printing import say_as_it_is, show
from kubectl_cafe.hints import at, kubectl

if TYPE_CHECKING:
    from kubectl_cafe.manifests import Manifest
    from kubectl_cafe.manifests.install import Installed

ROLE = "--clusterrole=kubectl-cafe-"
PRINT_IT = (
    kubectl("cafe init --dry-run=client -o yaml") + "   (for a cluster administrator to apply)"
)

BIND_IT = (
    "To allow a user to release in a namespace: "
    + kubectl("create rolebinding cafe-operator", "NAMESPACE", f"{ROLE}operator --user=NAME")
    + ". Optional, to compare digests by architecture: "
    + kubectl("create clusterrolebinding cafe-node-reader", "", f"{ROLE}node-reader --user=NAME")
)


@click.command("init", short_help="Install or update the CafeDeployment resource")
@click.option(
    "--rbac", is_flag=True, help="Also install the ClusterRoles, with the least permissions."
)
@click.option(
    "--force-conflicts",
    is_flag=True,
    help="Take ownership of fields of other managers (such as a GitOps tool); asks first.",
)
@options.yes_option
@options.dry_run_option
@options.output_option("json", "yaml", "name")
@options.field_manager_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    rbac: bool,
    force_conflicts: bool,
    yes: bool,
    dry_run: DryRun,
    output: str | None,
    field_manager: str,
) -> None:
    """Install or update the CafeDeployment resource (a CRD); the cluster needs nothing else.

    It is applied server-side; applying it again changes nothing. A CRD of this name that
    kubectl-cafe did not install is refused. --dry-run=client sends nothing; with -o yaml it
    prints the manifests for GitOps.
    """
    from kubectl_cafe.manifests import manifests

    wanted = manifests(rbac=rbac)
    if dry_run == "client":
        _print(wanted, ["created (dry run)"] * len(wanted), output)
        return
    connection = connect(access, dry_run=dry_run, field_manager=field_manager)
    if force_conflicts and dry_run == "none":
        names = ", ".join(_name(manifest) for manifest in wanted)
        effect = Effect(connection.context, "", names, "overwrite fields of other managers")
        ask(effect, yes=yes, stdin=sys.stdin, stderr=sys.stderr)
    done = _install(connection, wanted, force_conflicts, wait=dry_run == "none")
    suffix = " (server dry run)" if dry_run == "server" else ""
    _print([_bare(one.manifest) for one in done], [one.outcome + suffix for one in done], output)
    if rbac and dry_run == "none":
        say_as_it_is(at(BIND_IT, cluster_flags()))


def _install(
    connection: Connection, wanted: list[Manifest], force: bool, *, wait: bool
) -> list[Installed]:
    from kubectl_cafe.client.errors import Conflict, Forbidden
    from kubectl_cafe.manifests.install import install, wait_established

    try:
        done = install(connection.transport, wanted, force=force)
        if wait:
            wait_established(connection.transport)
    except Forbidden as error:
        error.hint = PRINT_IT
        raise
    except Conflict as error:
        error.hint = "update it with its manager, or take over the fields with --force-conflicts"
        raise
    return done


def _print(objects: list[Manifest], outcomes: list[str], output: str | None) -> None:
    from kubectl_cafe.printers.output import Printable

    names = [_name(manifest) for manifest in objects]
    lines = [f"{name} {outcome}" for name, outcome in zip(names, outcomes, strict=True)]
    show(Printable(lambda: objects, lambda _: "\n".join(lines), lambda: names), output)


def _name(manifest: Manifest) -> str:
    """The name of an object as kubectl prints it: `kind.group/name`."""
    group = manifest["apiVersion"].partition("/")[0]
    return f"{manifest['kind'].lower()}.{group}/{manifest['metadata']['name']}"


def _bare(manifest: Manifest) -> dict[str, Any]:
    """The object as `kubectl get -o yaml` shows it: without managedFields."""
    meta = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": meta}
