"""The rollback of a CafeDeployment that had releases and lost its record (from Idle)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.recordless_pods import lost_pods
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.planning.around import Around
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions.revision import name_of
from kubectl_cafe.text import counted, first_names
from statemachine.lifecycle import State
from statemachine.record import Plan, Record
from statemachine.steps import Kind


def presumed(cafe: CafeDeployment, around: Around) -> Record:
    """The record that such a rollback starts from: as if the present spec had been released.

    Source: protocol 9. `around` must have the revisions and the pods. Raises Refused if there was
    no release, or if a pod has an unfinished record (C72).
    """
    if not around.revisions:
        raise Refused(
            "there is no release yet, so there is no revision to roll back to",
            where=cafe.where,
            hint=cafe_command("upgrade", cafe.name, cafe.namespace),
        )
    refuse_unfinished(cafe, around.pods)
    return Record(
        uid=cafe.uid,
        id="",
        kind=Kind.UPGRADE,
        state=State.IDLE,
        plan=Plan(cafe.allocated(), cafe.strategy),
        to_revision=name_of(cafe.name, cafe.template),
        spec_hash=cafe.spec_hash,
        since="",
        started="",
        who="",
    )


def refuse_unfinished(cafe: CafeDeployment, pods: Sequence[Pod]) -> None:
    """Raise Refused for pods of a release that has no record any more (C72)."""
    if lost := lost_pods(cafe, pods):
        raise Refused(
            f"{counted(len(lost), 'pod')} of an unfinished release without a record: "
            f"{first_names(lost, 3)}. Nothing was written",
            where=cafe.where,
            hint=cafe_command("repair", cafe.name, cafe.namespace),
        )
