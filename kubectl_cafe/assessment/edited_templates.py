"""Templates of workloads that another client has edited (protocol 2, A2). Pure.

A replacement is created from the template as it is then, with the revision label in it. So after
`kubectl set image replicaset` new pods carry the label of a revision that they do not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe.podsets import Workload
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision

WHOLE = "spec.template"


def paths(workload: Workload, known: Mapping[str, Revision]) -> tuple[str, ...]:
    """The paths at which a workload's template is not as its revision's commit made it.

    Empty if there are none. Of a workload that an older version of kubectl-cafe committed, only the
    images can be compared.
    """
    revision = known.get(workload.revision)
    if workload.edited:
        found = templates.departures(revision.template, workload.template) if revision else ()
        return found or (WHOLE,)
    if workload.committed or revision is None or not workload.template:
        return ()
    shown = templates.images(workload.template)
    return tuple(
        f"{WHOLE}.spec.containers[{name}].image"
        for name, image in revision.images.items()
        if shown.get(name) != image
    )


def noted(workloads: Iterable[Workload], known: Mapping[str, Revision]) -> tuple[str, ...]:
    """The warnings about edited templates, one for each workload."""
    return tuple(
        f"the template of ReplicaSet {one.name} differs from {one.revision or 'its revision'} "
        f"({', '.join(found)}), and so do its new pods; the next release restores it"
        for one in workloads
        if (found := paths(one, known))
    )
