"""Templates of workloads that somebody edited (protocol 2, A2). Pure.

A replacement is born from the template as it stands, and carries the revision label that stands
there: `kubectl set image replicaset` makes pods that say they are of a revision and are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe.podsets import Workload
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision

WHOLE = "spec.template"


def paths(workload: Workload, known: Mapping[str, Revision]) -> tuple[str, ...]:
    """Where the workload's template is not what a commit of its revision made; empty: nowhere.

    Of a workload that an older version committed only the images can be told.
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
    """What people should know of templates that were edited, each workload once."""
    return tuple(
        f"the template of ReplicaSet {one.name} is not that of {one.revision or 'a revision'} "
        f"({', '.join(found)}): pods born from it are not, either; a release writes it anew"
        for one in workloads
        if (found := paths(one, known))
    )
