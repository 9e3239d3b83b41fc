"""A spec that was edited under a running release: what changed, and the ways out (protocol 7)."""

from __future__ import annotations

from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from statemachine.record import Failure

REASON = "SpecChanged"


def spec_changed(cafe: CafeDeployment, planned: Revision | None) -> Failure:
    """Why the release to `planned` fails: the spec is no longer the one it was planned from."""
    diff = templates.difference(planned.template if planned else {}, cafe.template)
    edits = [
        *(f"image of {name}: {old} -> {new}" for name, (old, new) in diff.images.items()),
        *(f"label {key}" for key in diff.labels),
        *(f"annotation {key}" for key in diff.annotations),
        *diff.others,
    ]
    what = ", ".join(edits) or "selector or topology"
    return Failure(
        REASON,
        f"the spec was edited under the running release ({what}); no more pods are taken. "
        "Put it back and retry, or roll back, which discards the edit",
    )
