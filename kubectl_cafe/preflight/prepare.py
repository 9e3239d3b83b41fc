"""Prepare a release in one call: `plan` shows it, `upgrade` confirms and begins it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client import paths
from kubectl_cafe.client.lease_view import inspect
from kubectl_cafe.client.questions import Questions
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import at
from kubectl_cafe.planning import autoscalers, proposal, rollback_plan, scaling, without_record
from kubectl_cafe.planning.allowed_commands import illegal
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.autoscalers import Autoscaler
from kubectl_cafe.planning.finding import Finding
from kubectl_cafe.planning.plan import PlanView
from kubectl_cafe.planning.proposal import Proposal
from kubectl_cafe.preflight import dry_runs, findings, plan_document, read
from kubectl_cafe.preflight.answers import Answers, Case
from kubectl_cafe.record import store
from kubectl_cafe.release import names_taken, start, wanted_spec
from kubectl_cafe.revisions.revision import name_of
from statemachine.lifecycle import Trigger, legal

Json = Mapping[str, Any]


@dataclass(frozen=True)
class WantedState:
    """A CafeDeployment as it is and as it is to become; `created`: this call has created it."""

    cafe: CafeDeployment
    wished: CafeDeployment
    created: bool = False

    @property
    def under_way(self) -> bool:
        """Whether an unfinished release to the wanted revision exists already."""
        target = name_of(self.cafe.name, self.wished.template)
        return start.under_way(self.cafe, target, self.wished)


@dataclass(frozen=True)
class Prepared:
    """A release as it would begin now, by `trigger`, and the findings about it.

    `observer` watches the release's pods until the caller stops it.
    """

    case: Case
    findings: tuple[Finding, ...]
    trigger: Trigger
    observer: Observer

    @property
    def proposal(self) -> Proposal:
        """The proposed release."""
        return self.case.proposal

    @property
    def idle(self) -> bool:
        """Whether the release would change nothing and supersedes no unfinished one."""
        return not self.proposal.needed and self.trigger is not Trigger.SUPERSEDE

    def plan(self, context: str, cluster: str) -> PlanView:
        """The plan for `context`; the `cluster`'s flags are added to next commands."""
        found = tuple(replace(one, hint=at(one.hint, cluster)) for one in self.findings)
        return plan_document.plan_of(self.case, found, context)

    def refuse(self, transport: Transport) -> None:
        """Raise Refused for what is certain to fail; the server checks the template last.

        Source: protocol 2.
        """
        findings.refuse(self.findings)
        start.check_template(transport, self.case.wished, self.proposal)

    def beginning(self) -> start.Beginning:
        """The input from which the start of the release is recorded."""
        case = self.case
        return start.Beginning(case.cafe, case.wished, case.around, case.proposal, self.trigger)


def wanted(
    transport: Transport, namespace: str, name: str, images: Mapping[str, str]
) -> WantedState:
    """The wanted state of a CafeDeployment: its present spec with `images` by container.

    Raises Missing if it does not exist, CafeError for an unknown container.
    """
    cafe = store.read(transport, namespace, name)
    return WantedState(cafe, proposal.with_images(cafe, images))


def scaled(
    transport: Transport,
    namespace: str,
    name: str,
    replicas: int | None,
    cells: Mapping[str, int],
    current: int | None,
) -> WantedState:
    """The wanted state of a CafeDeployment: its present spec with other numbers of pods.

    Raises Missing if it does not exist, and as `scaling.with_counts`.
    """
    cafe = store.read(transport, namespace, name)
    return WantedState(cafe, scaling.with_counts(cafe, replicas, cells, current))


def wanted_of_file(
    transport: Transport,
    namespace: str,
    manifest: Json,
    images: Mapping[str, str],
    agreed: Callable[[CafeDeployment], bool],
) -> WantedState | None:
    """The wanted state by the object in a file, which is created first if it does not exist.

    Before that `agreed` is called with the object as the server would create it; if it returns
    False, nothing is created and the result is None.
    """
    created = False
    try:
        cafe = store.read(transport, namespace, manifest["metadata"]["name"])
    except store.Missing:
        if not agreed(wanted_spec.create(transport, namespace, manifest, trial=True)):
            return None
        cafe, created = wanted_spec.create(transport, namespace, manifest), True
    wished = wanted_spec.of_manifest(transport, cafe, manifest)
    return WantedState(cafe, proposal.with_images(wished, images), created)


@contextmanager
def release(
    transport: Transport, wanted: WantedState, *, supersede: bool = False, thorough: bool = False
) -> Iterator[Prepared]:
    """The release to the wanted state; its pods are observed until the caller leaves the context.

    Raises Refused if it can't begin, and for an unfinished release unless `supersede` is set.
    `thorough`, for `plan`: refusals become findings, and nodes and pull secrets are read, too.
    """
    cafe, wished = wanted.cafe, wanted.wished
    observer = Observer(transport, cafe)
    with observer.running():
        scalers = Questions(1).ask(_autoscalers, transport, cafe.namespace)
        around = look_around(transport, cafe, observer)
        around = replace(around, autoscalers=scalers.get())
        trigger = Trigger.START
        if thorough:
            proposed = proposal.outline(wished, around, wished.template)
        else:
            trigger = _trigger(transport, cafe, supersede)
            without_record.refuse_unfinished(wished, around.pods)
            proposed = proposal.propose(wished, around, wished.template)
        superseding = trigger is Trigger.SUPERSEDE
        at = transport.server_time()
        case = dry_runs.case(cafe, wished, around, proposed, at, superseding=superseding)
        # Nothing to release, so nothing to read.
        asked = read.read(transport, case, thorough=thorough) if proposed.needed else Answers()
        yield Prepared(case, findings.judge(case, asked), trigger, observer)


def rollback(
    transport: Transport, cafe: CafeDeployment, observer: Observer, fast: bool, number: int
) -> Prepared:
    """The rollback to revision `number` (0: the last successful one); `observer` has the pods.

    Its checks send no requests, because a rollback may be an emergency. Raises Refused if there is
    no revision to roll back to. `fast`: all pods in one group.
    """
    around = look_around(transport, cafe, observer)
    way = rollback_plan.way(cafe, around, fast, number)
    proposed = rollback_plan.proposal(cafe, around, way)
    if not number and rollback_plan.repeated(cafe) is not None:
        proposed = replace(proposed, needed=False)
    wished = rollback_plan.wished(cafe, way.target)
    case = dry_runs.case(cafe, wished, around, proposed, transport.server_time())
    return Prepared(case, proposed.notes, Trigger.ROLLBACK, observer)


def look_around(transport: Transport, cafe: CafeDeployment, observer: Observer) -> Around:
    """The objects around the CafeDeployment; the observer must have its first lists."""
    cache, known = observer.cache, direct_reads.read_revisions(transport, cafe)
    return Around(
        revisions=known,
        workloads=cache.workloads.all(),
        pods=tuple(cache.pods()),
        services=cache.services.all(),
        budgets=cache.budgets.all(),
        warnings=observer.warnings(cafe, known),
        taken=names_taken.read(transport, cafe, cache.workloads.all()),
        others=tuple(cache.unrelated()),
        releases=direct_reads.read_releases(transport, cafe, known),
    )


def _autoscalers(transport: Transport, namespace: str) -> tuple[Autoscaler, ...] | CafeError:
    """The HorizontalPodAutoscalers of the namespace, or why they can't be read."""
    try:
        found = transport.list(paths.horizontalpodautoscalers(namespace)).items
    except CafeError as error:
        return error
    return tuple(map(autoscalers.parse, found))


def _trigger(transport: Transport, cafe: CafeDeployment, supersede: bool) -> Trigger:
    """The move that begins the release: SUPERSEDE only if `supersede` is set and allowed.

    Raises Refused where an unfinished release is in the way.
    """
    can = legal(cafe.position.state)
    if Trigger.START in can:
        return Trigger.START
    if not supersede or Trigger.SUPERSEDE not in can:
        tried = Trigger.SUPERSEDE if supersede else Trigger.START
        raise illegal(cafe, tried, _driver(transport, cafe))
    return Trigger.SUPERSEDE


def _driver(transport: Transport, cafe: CafeDeployment) -> str:
    """A phrase about the driver of the unfinished release; empty if its Lease can't be read."""
    try:
        held = inspect(transport, cafe.namespace, cafe.name)
    except CafeError:
        return ""
    return f"driven by {held.driver}" if held.live and held.holder else "no driver"
