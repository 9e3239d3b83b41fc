"""All findings of a release, in the order in which they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.planning import traffic_finalizers, without_record
from kubectl_cafe.planning.finding import Finding, Level, refused
from kubectl_cafe.preflight import (
    access_review,
    admission,
    credentials,
    field_managers,
    lease_and_clock,
    pods,
    pulling,
    quota,
)
from kubectl_cafe.preflight.answers import Answers, Case

NOTHING = Answers()
WRITTEN = ". Nothing was written"


def judge(case: Case, answers: Answers = NOTHING) -> tuple[Finding, ...]:
    """The findings: first refused, then warnings, then what could not be checked, then ok.

    Without answers these are the findings that need only the release, its pods and Services.
    Checks that need no other request are in `planning/` and among the proposal's notes. A rollback
    runs none of the checks here: it may be an emergency (`prepare.rollback`).
    """
    found = [
        *(of_error(error) for error in case.proposal.refusals),
        *_without_record(case),
        *lease_and_clock.unfinished(case),
        *lease_and_clock.lease(case, answers),
        *_rights(case, answers),
        *admission.judge(answers.trials, case.cafe.namespace),
        *quota.judge(case, answers),
        *pulling.judge(case, answers),
        *credentials.judge(case, answers),
        *field_managers.judge(case.cafe, case.wished),
        *case.proposal.notes,
        *pods.health(case),
        *pods.room(case),
        *pods.nodes(case, answers),
        *pods.size(case),
        *lease_and_clock.clock(answers),
    ]
    order = list(Level)
    return tuple(sorted(found, key=lambda finding: order.index(finding.level)))


def refuse(findings: Iterable[Finding]) -> None:
    """Raise Refused (exit 7) for a finding that is certain to fail the release."""
    for finding in findings:
        if finding.level is Level.REFUSED:
            raise Refused(f"{finding.message}{WRITTEN}", where=finding.where, hint=finding.hint)


def of_error(error: CafeError) -> Finding:
    """The finding of a refusal by the release itself."""
    message = error.message.removesuffix(WRITTEN)
    return refused("release", message, where=error.where, hint=error.hint)


def _without_record(case: Case) -> list[Finding]:
    try:
        without_record.refuse_unfinished(case.cafe, case.around.pods)
    except Refused as error:
        return [of_error(error)]
    return []


def _rights(case: Case, answers: Answers) -> list[Finding]:
    lease, living = answers.lease, case.around.living
    new_pod = traffic_finalizers.new_pod(case.wished, case.proposal.template)
    sure = access_review.needed(
        case.cafe.podset.resource,
        pods=bool(living),
        gated=any(pod.gated for pod in living or [new_pod]),
        leased=lease is None or isinstance(lease, CafeError) or lease.there,
    )
    return access_review.judge(answers.rights, sure, case.cafe.namespace)
