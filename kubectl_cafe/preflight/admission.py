"""The findings of the dry runs: whether admission refuses the release's writes or rewrites them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubectl_cafe.client.errors import AdmissionFailed, Forbidden, Invalid, UnknownOutcome
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, ok, refused, unknown, warning
from kubectl_cafe.preflight.answers import Trial
from kubectl_cafe.revisions import template as templates

CHECK = "admission"
NO_TRIALS = "does not support dry run"
"""The API server's words for a webhook with side effects (apiserver, webhook/errors)."""
CREATION = "creation"
COMMIT = "commit"
WHAT = {
    "image": "the image patch",
    "relabel": "the label patch",
    CREATION: "a new pod",
    COMMIT: "the new template of a ReplicaSet",
}
HINT = kubectl(
    "get validatingadmissionpolicies,validatingwebhookconfigurations,mutatingwebhookconfigurations"
)


def judge(trials: Sequence[Trial], namespace: str) -> list[Finding]:
    """The findings of the dry runs: each refusal or rewrite once, even if several cells have it.

    Without any the finding is `ok`, with the pods that were tried.
    """
    found = [finding for trial in trials for finding in _judge(trial, namespace)]
    distinct = {(finding.level, finding.message): finding for finding in reversed(found)}
    if trials and not distinct:
        pods = sorted({trial.pod for trial in trials if trial.pod and trial.what != COMMIT})
        on = f" on {', '.join(pods)}" if pods else ""
        return [ok(CHECK, f"dry run of the first writes passed{on}")]
    return list(reversed(distinct.values()))


def _judge(trial: Trial, namespace: str) -> Iterator[Finding]:
    what = WHAT.get(trial.what, "the patch that takes a pod out of traffic")
    kind = "replicaset" if trial.what == COMMIT else "pod"
    of = f"{kind}/{trial.pod}" if trial.pod else f"{kind}s"
    match trial.answer:
        case CafeError() as error:
            yield _refusal(error, trial.what, what, f"{of} in namespace {namespace}")
        case answer:
            yield from rewritten(trial.images, templates.images(answer))


def _refusal(error: CafeError, kind: str, what: str, where: str) -> Finding:
    match error:
        case Forbidden(denied_right=True):
            return unknown(CHECK, f"admission of {what}: no permission for the dry run")
        case Invalid(server_message=said) if NO_TRIALS in said:
            return unknown(CHECK, f"admission of {what}: {said}", where=where)
        case Forbidden(server_message=said) | Invalid(server_message=said) if kind == CREATION:
            # The dry run is by this user; admission may accept the ReplicaSet controller's pods.
            return warning(CHECK, f"the API server refuses {what}: {said}", where=where, hint=HINT)
        case Forbidden(server_message=said) | Invalid(server_message=said):
            return refused(CHECK, f"the API server refuses {what}: {said}", where=where, hint=HINT)
        case UnknownOutcome(server_message=said) | AdmissionFailed(server_message=said) if said:
            return warning(
                CHECK, f"the API server failed on {what}: {said}", where=where, hint=HINT
            )
        case _:
            return unknown(CHECK, f"admission of {what}: {error.message}", where=where)


def rewritten(sent: Mapping[str, str], stored: Mapping[str, str]) -> Iterator[Finding]:
    """Warnings about images that admission replaces by others, which the pods will then run."""
    for container, image in sent.items():
        if (made := stored.get(container, image)) != image:
            yield warning(
                CHECK,
                f"admission replaces {image} by {made} (container {container}): the pods will "
                "run that image, and it counts as the image of this release",
            )
