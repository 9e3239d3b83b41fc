"""Templates of workloads that another client has edited (protocol 2, A2). Pure.

A controller creates new pods from the current template, with the revision label in it. So after
`kubectl set image replicaset` new pods carry the label of a revision whose images they don't run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe.podsets import Workload
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision

WHOLE = "spec.template"


def paths(workload: Workload, known: Mapping[str, Revision]) -> tuple[str, ...]:
    """The paths of the fields in which a workload's template differs from its revision.

    Defaults that the server set are no difference. If an older version of kubectl-cafe made the
    commit, only the images are compared.
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
