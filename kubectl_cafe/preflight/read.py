"""Send the requests that the checks need to the API server, in parallel; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Conflict
from kubectl_cafe.client.lease_view import inspect
from kubectl_cafe.client.questions import Answer, Questions
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.errors import CafeError
from kubectl_cafe.pods.model import parse
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.cells import CELL_LABELS
from kubectl_cafe.preflight import access_review, dry_runs, new_pods
from kubectl_cafe.preflight.access_review import Right
from kubectl_cafe.preflight.admission import COMMIT, CREATION
from kubectl_cafe.preflight.answers import Answers, Case, Node, Trial
from kubectl_cafe.preflight.dry_runs import Attempt
from kubectl_cafe.revisions import template as templates

Json = Mapping[str, Any]
T = TypeVar("T")
WORKERS = 16
ATTEMPTS = 4
"""How often a dry run is repeated for a pod that another client writes meanwhile."""


def read(transport: Transport, case: Case, *, thorough: bool) -> Answers:
    """The answers for the checks of `case`.

    `thorough`, for `plan`: also the nodes and the pull secrets.
    """
    space, questions = case.cafe.namespace, Questions(WORKERS)

    def ask(question: Callable[[], T]) -> Answer[T | CafeError]:
        return questions.ask(_or_error, question)

    tried = [
        questions.ask(_try, transport, case, attempt)
        for assessment in dry_runs.chosen(case)
        for attempt in dry_runs.attempts(case, assessment)
    ]
    tried += [
        questions.ask(_try_creation, transport, space, cell, body)
        for cell, body in dry_runs.created_pods(case)
    ]
    tried += [
        questions.ask(_commit, transport, case.cafe, cell, write)
        for cell, write in dry_runs.commits(case)
    ]
    every = sorted(access_review.every(case.cafe.podset.resource), key=str)
    allowed = {right: ask(partial(_allowed, transport, right, space)) for right in every}
    lease = ask(lambda: inspect(transport, space, case.cafe.name))
    nodes = ask(lambda: read_nodes(transport, case)) if thorough else None
    created = new_pods.count(case) > 0
    quotas = ask(lambda: transport.list(paths.resourcequotas(space)).items) if created else None
    limits = ask(lambda: transport.list(paths.limitranges(space)).items) if created else None
    trial = tuple(one.get() for one in tried)
    secrets = None
    if thorough:
        wanted = pull_secrets(case, trial)
        asked = {name: ask(partial(_secret, transport, space, name)) for name in wanted}
        secrets = {name: one.get() for name, one in asked.items()}
    return Answers(
        rights=_rights({right: one.get() for right, one in allowed.items()}),
        trials=trial,
        nodes=nodes.get() if nodes else None,
        secrets=secrets,
        quotas=quotas.get() if quotas else None,
        limits=limits.get() if limits else None,
        lease=lease.get(),
        skew=transport.clock.time() - transport.server_time(),
    )


def _or_error(question: Callable[[], T]) -> T | CafeError:
    try:
        return question()
    except CafeError as error:
        return error


def _allowed(transport: Transport, right: Right, namespace: str) -> bool:
    review = access_review.review(right, namespace)
    answer = transport.create(paths.selfsubjectaccessreviews(), review, needs_lease=False)
    return bool((answer.get("status") or {}).get("allowed"))


def _rights(answers: Mapping[Right, bool | CafeError]) -> Mapping[Right, bool] | CafeError:
    """All answers, or the first error: the rights are known completely or not at all."""
    for answer in answers.values():
        if isinstance(answer, CafeError):
            return answer
    return {right: answer is True for right, answer in answers.items()}


def _try(transport: Transport, case: Case, attempt: Attempt) -> Trial:
    """The result of one dry run, repeated if another client has written the pod meanwhile."""
    path = paths.pods(case.cafe.namespace, attempt.patch.pod)
    answer: Json | CafeError
    for _ in range(ATTEMPTS):
        patch = attempt.patch
        try:
            answer = transport.patch(
                f"{path}/status" if patch.status else path,
                dict(patch.body),
                PatchKind.STRATEGIC,
                {"dryRun": "All"},
            )
            break
        except Conflict as error:
            answer = error
            current = _or_error(lambda: parse(transport.get(path)))
            made = (
                None
                if isinstance(current, CafeError)
                else dry_runs.again(case, current, patch.what)
            )
            if made is None:
                break
            attempt = made
        except CafeError as error:
            answer = error
            break
    return Trial(attempt.cell, attempt.patch.pod, attempt.patch.what, attempt.images, answer)


def _try_creation(transport: Transport, namespace: str, cell: str, body: dict[str, Any]) -> Trial:
    """The result of creating one pod in a dry run, by this user, not the ReplicaSet controller."""
    create = partial(transport.create, paths.pods(namespace), body, {"dryRun": "All"})
    return Trial(cell, "", CREATION, templates.images(body), _or_error(create))


def _commit(transport: Transport, cafe: CafeDeployment, cell: str, write: WorkloadWrite) -> Trial:
    """The result of the commit of one workload in a dry run."""
    path = paths.workloads(cafe.podset.resource, cafe.namespace, write.name)
    send = partial(transport.patch, path, dict(write.body), PatchKind.STRATEGIC, {"dryRun": "All"})
    return Trial(cell, write.name, COMMIT, {}, _or_error(send))


def read_nodes(transport: Transport, case: Case) -> tuple[Node, ...]:
    """The nodes of the release's cells, or all nodes if there are no cells.

    While the list is read, each item is reduced to the fields in use.
    """
    topology = case.cafe.spec.get("topology") or {}
    label = CELL_LABELS.get(topology.get("unitType", "None"))
    cells = ",".join(cell for cell in case.cafe.cells if cell)
    query = {"labelSelector": f"{label} in ({cells})"} if label and cells else None
    found = transport.list(paths.nodes(), query, slim=_slim).items
    return tuple(node(item, label) for item in found)


def _slim(item: dict[str, Any]) -> dict[str, Any]:
    meta, status = item["metadata"], item.get("status") or {}
    return {
        "metadata": {"name": meta["name"], "labels": meta.get("labels")},
        "spec": {"unschedulable": (item.get("spec") or {}).get("unschedulable")},
        "status": {"conditions": status.get("conditions"), "images": status.get("images")},
    }


def node(item: Json, label: str | None) -> Node:
    """The Node of the API object; its cell is the value of its label `label` (None: no cells)."""
    meta, status = item["metadata"], item.get("status") or {}
    conditions = {c["type"]: c.get("status") for c in status.get("conditions") or ()}
    shown = status.get("images") or ()
    return Node(
        name=meta["name"],
        cell=(meta.get("labels") or {}).get(label, "") if label else "",
        ready=conditions.get("Ready") == "True",
        schedulable=not (item.get("spec") or {}).get("unschedulable"),
        images=frozenset(name for one in shown for name in one.get("names") or ()),
    )


def pull_secrets(case: Case, tried: Sequence[Trial]) -> list[str]:
    """The names of imagePullSecrets of the template and of the pods in the dry runs."""
    specs = [case.proposal.template.get("spec") or {}]
    specs += [one.answer.get("spec") or {} for one in tried if isinstance(one.answer, Mapping)]
    return sorted({s["name"] for spec in specs for s in spec.get("imagePullSecrets") or ()})


def _secret(transport: Transport, namespace: str, name: str) -> Json | None:
    return transport.get_or_none(paths.secrets(namespace, name))
