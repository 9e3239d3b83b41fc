"""The examples in the help of each verb; a test runs each of them.

They are about a CafeDeployment `shop` whose pods have one container of that name.
"""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """One command, and its purpose."""

    what: str
    command: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "plan": (
        Example(
            "Show what a release of another image would do, with every finding",
            "kubectl cafe plan shop --image shop=app:v2",
        ),
        Example(
            "Check whether there is anything to release (exit code 0: no, 1: yes)",
            "kubectl cafe plan shop -o json",
        ),
    ),
    "scale": (
        Example("Create pods until there are six", "kubectl cafe scale shop --replicas 6"),
        Example(
            "Show what that would do, and write nothing",
            "kubectl cafe scale shop --replicas 6 --dry-run=client",
        ),
    ),
    "upgrade": (
        Example(
            "Release another image, with a reason",
            'kubectl cafe upgrade shop --image shop=app:v2 --reason "CHG-1234"',
        ),
        Example("Release the spec as kubectl apply has changed it", "kubectl cafe upgrade shop"),
        Example(
            "Release the CafeDeployment of a file; create it if it does not exist",
            "kubectl cafe upgrade -f shop.yaml",
        ),
        Example(
            "Replace an unfinished release with a release of another image",
            "kubectl cafe upgrade shop --image shop=app:v3 --supersede",
        ),
    ),
    "confirm": (
        Example("Confirm group 2, and no other group", "kubectl cafe confirm shop --group 2"),
        Example(
            "Record the confirmation and return; another process drives",
            "kubectl cafe confirm shop --group 2 --detach",
        ),
    ),
    "pause": (
        Example(
            "Pause the release, with a reason",
            'kubectl cafe pause shop --reason "errors at the edge"',
        ),
    ),
    "resume": (Example("Resume the paused release", "kubectl cafe resume shop"),),
    "retry": (Example("Retry the failed group", "kubectl cafe retry shop"),),
    "abort": (
        Example("End the release once pods in flight have finished", "kubectl cafe abort shop"),
        Example(
            "End the release now, even if pods stay out of traffic",
            "kubectl cafe abort shop --force",
        ),
    ),
    "rollback": (
        Example("Roll back to the last successful revision", "kubectl cafe rollback shop"),
        Example(
            "Roll back in one group, within maxUnavailable", "kubectl cafe rollback shop --fast"
        ),
        Example(
            "Roll back to a revision of the history",
            "kubectl cafe rollback shop --to-revision 1",
        ),
    ),
    "drive": (
        Example("Continue a release that has no driver", "kubectl cafe drive shop"),
        Example(
            "Wait until the lease of the present driver expires, then continue the release",
            "kubectl cafe drive shop --takeover",
        ),
    ),
    "repair": (
        Example(
            "Show the problems, and change nothing", "kubectl cafe repair shop --dry-run=client"
        ),
        Example("Repair the problems after a confirmation", "kubectl cafe repair shop"),
    ),
    "status": (
        Example(
            "Show one release, with every pod and its node", "kubectl cafe status shop -o wide"
        ),
        Example("Watch one release", "kubectl cafe status shop -w"),
        Example("List every CafeDeployment of every namespace", "kubectl cafe status -A"),
        Example("List those of one team", "kubectl cafe status -A -l team=payments"),
        Example(
            "Wait until the release is completed, for at most ten minutes",
            "kubectl cafe status shop --for=Completed --timeout=10m",
        ),
    ),
    "history": (
        Example("List all revisions and their releases", "kubectl cafe history shop"),
        Example(
            "Show one revision in full, with its journal",
            "kubectl cafe history shop --revision 2",
        ),
    ),
    "report": (
        Example("Write the last release as a page", "kubectl cafe report shop > shop.html"),
    ),
    "states": (
        Example("Print the state machine as a table", "kubectl cafe states"),
        Example("Print the state machine as a diagram", "kubectl cafe states -o mermaid"),
    ),
    "init": (
        Example("Install the resource", "kubectl cafe init"),
        Example(
            "Print the manifests for GitOps, without sending them",
            "kubectl cafe init --rbac --dry-run=client -o yaml",
        ),
    ),
    "version": (
        Example("Print the versions of client, server and resource", "kubectl cafe version"),
        Example(
            "Print the client's version, without a request to the server",
            "kubectl cafe version --client",
        ),
    ),
    "completion": (
        Example("Set up completion after krew install", "kubectl cafe completion install"),
    ),
    "options": (
        Example("List the flags for cluster, credentials and logging", "kubectl cafe options"),
    ),
}


def text(verb: str) -> str:
    """The examples of a verb for the end of its help; \\b keeps click from folding them."""
    shown = [f"  # {one.what}\n  {one.command}" for one in EXAMPLES.get(verb, ())]
    return "\n".join(("\b", "Examples:", *shown)) if shown else ""
