"""The examples in the help of each verb; a test runs each of them.

They are about a CafeDeployment `shop` whose pods have one container of that name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One command, and its purpose."""

    what: str
    command: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "plan": (
        Example(
            "See what another image would do, group by group, with every finding",
            "kubectl cafe plan shop --image shop=app:v2",
        ),
        Example(
            "Is there anything to release? Exit code 0: no, 1: yes",
            "kubectl cafe plan shop -o json",
        ),
    ),
    "upgrade": (
        Example(
            "Release another image, and say why",
            'kubectl cafe upgrade shop --image shop=app:v2 --reason "CHG-1234"',
        ),
        Example("Release what kubectl apply has left in the spec", "kubectl cafe upgrade shop"),
        Example("Release a file; it is created if need be", "kubectl cafe upgrade -f shop.yaml"),
        Example(
            "A better version, over a release that waits, is paused or failed",
            "kubectl cafe upgrade shop --image shop=app:v3 --supersede",
        ),
    ),
    "confirm": (
        Example("Let group 2 go, and no other one", "kubectl cafe confirm shop --group 2"),
        Example(
            "Record it, and leave the driving to somebody else",
            "kubectl cafe confirm shop --group 2 --detach",
        ),
    ),
    "pause": (
        Example("Upgrade no more pods", 'kubectl cafe pause shop --reason "errors at the edge"'),
    ),
    "resume": (Example("Go on where it was paused", "kubectl cafe resume shop"),),
    "retry": (Example("Try the failed group again", "kubectl cafe retry shop"),),
    "abort": (
        Example("End it here; pods in flight finish first", "kubectl cafe abort shop"),
        Example("End it now, even if pods stay out of traffic", "kubectl cafe abort shop --force"),
    ),
    "rollback": (
        Example("Back to the last good revision", "kubectl cafe rollback shop"),
        Example("All at once, within maxUnavailable", "kubectl cafe rollback shop --fast"),
        Example(
            "The morning after, to a revision of history",
            "kubectl cafe rollback shop --to-revision 1",
        ),
    ),
    "drive": (
        Example("Go on with what nobody drives", "kubectl cafe drive shop"),
        Example(
            "Wait until a driver that hangs has lost its lease, then drive",
            "kubectl cafe drive shop --takeover",
        ),
    ),
    "repair": (
        Example(
            "See what is wrong, and touch nothing", "kubectl cafe repair shop --dry-run=client"
        ),
        Example("Mend it after a yes", "kubectl cafe repair shop"),
    ),
    "status": (
        Example("One release, with every pod and its node", "kubectl cafe status shop -o wide"),
        Example("Live, for as long as you look", "kubectl cafe status shop -w"),
        Example("Every CafeDeployment of every namespace", "kubectl cafe status -A"),
        Example("Those of one team", "kubectl cafe status -A -l team=payments"),
        Example(
            "Wait until it is over, ten minutes at most",
            "kubectl cafe status shop --for=Completed --timeout=10m",
        ),
    ),
    "history": (
        Example("Who released what, and how it ended", "kubectl cafe history shop"),
        Example("One revision in full, with its journal", "kubectl cafe history shop --revision 2"),
    ),
    "report": (Example("The last release as a page", "kubectl cafe report shop > shop.html"),),
    "states": (
        Example("The state machine as a table", "kubectl cafe states"),
        Example("As a diagram", "kubectl cafe states -o mermaid"),
    ),
    "init": (
        Example("Install the resource", "kubectl cafe init"),
        Example(
            "For GitOps: print it, send nothing",
            "kubectl cafe init --rbac --dry-run=client -o yaml",
        ),
    ),
    "version": (
        Example("Client, server and resource", "kubectl cafe version"),
        Example("Without asking a server", "kubectl cafe version --client"),
    ),
    "completion": (Example("Once, after krew install", "kubectl cafe completion install"),),
    "options": (Example("The flags that say which cluster, and as whom", "kubectl cafe options"),),
}


def text(verb: str) -> str:
    """The examples of a verb for the end of its help; \\b keeps click from folding them."""
    shown = [f"  # {one.what}\n  {one.command}" for one in EXAMPLES.get(verb, ())]
    return "\n".join(("\b", "Examples:", *shown)) if shown else ""
