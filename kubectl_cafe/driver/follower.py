"""Follows a release that another process drives: reads everything, writes no pod (C65)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.errors import NotSent
from kubectl_cafe.client.lease_view import ANSWER, LeaseView, LeaseWatch
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver.loop import Watcher
from kubectl_cafe.errors import Refused
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING, State

EVERY = 1.0
"""Seconds between two reads of the CafeDeployment and the lease."""
UNHEARD = 10.0
"""Seconds without a successful read after which the display says that it may be stale."""
WAITS = (State.AWAITING_CONFIRM, State.PAUSED, State.FAILED)
"""States in which a driver ends once no pod in flight can still progress."""


@dataclass(frozen=True)
class Followed:
    """The result of following: the CafeDeployment and the last snapshot.

    `abandoned`: the release needs a driver and has none. `lease` is the resourceVersion of the
    lease as read last.
    """

    cafe: CafeDeployment
    abandoned: bool = False
    snapshot: Snapshot | None = None
    lease: str = ""


class Follower:
    """Watches a release until it ends, waits for an operator, or has no driver any more.

    `asks`: the operator can be prompted at a terminal. Then the follower goes on while a group
    waits for a confirmation, and records a confirmation that the operator gives. Ctrl-C sets
    `stop`.
    """

    def __init__(
        self,
        transport: Transport,
        cafe: CafeDeployment,
        observer: Observer,
        watcher: Watcher,
        *,
        asks: bool = False,
    ) -> None:
        self._transport = transport
        self._cafe = cafe
        self._observer = observer
        self._watcher = watcher
        self._asks = asks
        self._revisions: dict[str, Revision] = {}
        self._watch = LeaseWatch(transport.clock)
        self.lease: LeaseView | None = None
        """The lease as read last; `live` and `seconds_left` are by `LeaseWatch`."""
        self.stop = Event()

    @property
    def waiting_group(self) -> int:
        """The number of the group that waits for a confirmation; 0 if none does."""
        record = self._cafe.record
        waits = record is not None and record.state is State.AWAITING_CONFIRM
        return record.waiting_group if record and waits else 0

    def confirm(self, group: int, who: str) -> None:
        """Record the confirmation of `group` by `who`; the next read shows the result."""
        mover = Mover(who, "confirmed interactively")
        with suppress(Refused, NotSent):  # Confirmed already, or the prompt appears again.
            moves.confirm(self._transport, self._cafe, mover, group)

    def wake(self) -> None:
        """Does nothing, because the follower reads every second."""

    def run(self) -> Followed:
        """Follow the release until `ended` or `stop`; retry while the API server is unreachable."""
        shown, clock = None, self._transport.clock
        heard = clock.monotonic()
        while True:
            self._observer.raise_failure()
            try:
                lease = self._look()
            except NotSent as error:
                if clock.monotonic() - heard >= UNHEARD:
                    self._unheard(error)
                if self.stop.wait(EVERY):
                    return Followed(self._cafe)
                continue
            heard = clock.monotonic()
            if self._cafe.record != shown:
                shown = self._cafe.record
                self._watcher.moved(self._cafe)
            ended = self._ended(lease)
            if ended is not None:
                return ended
            self.stop.wait(EVERY)

    def _unheard(self, error: NotSent) -> None:
        """Show that the displayed release may be out of date, and why."""
        said = f"this command cannot read the CafeDeployment: {error.message}"
        if self._cafe.record is not None:
            snapshot = replace(self._view(), troubles=(said,))
            self._watcher.looked(snapshot, decide(snapshot))

    def _look(self) -> LeaseView:
        """Read the lease, the CafeDeployment, and the revisions if the target is not known yet."""
        cafe = self._cafe
        seen, self._cafe = direct_reads.driven(self._transport, cafe.namespace, cafe.name, ANSWER)
        self.lease = lease = self._watch.saw(seen)
        record = self._cafe.record
        if record is not None and record.to_revision not in self._revisions:
            found = direct_reads.read_revisions(self._transport, self._cafe)
            self._revisions = {revision.name: revision for revision in found}
        return lease

    def _ended(self, lease: LeaseView) -> Followed | None:
        if self._cafe.record is None or self.stop.is_set():
            return Followed(self._cafe)
        snapshot = self._view()
        decision = decide(snapshot)
        if decision.nodes:
            with suppress(NotSent):  # The next turn reads the nodes again.
                self._observer.read_nodes(snapshot)
        self._watcher.looked(snapshot, decision)
        found = ended(self._cafe, lease, at_rest=decision.at_rest, asks=self._asks)
        return replace(found, snapshot=snapshot, lease=lease.version) if found else None

    def _view(self) -> Snapshot:
        return self._observer.cache.snapshot(
            self._cafe,
            self._revisions,
            now=self._transport.clock.monotonic(),
            time=self._transport.server_time(),
            stopping=False,
        )


def ended(cafe: CafeDeployment, lease: LeaseView, *, at_rest: bool, asks: bool) -> Followed | None:
    """The result if following ends here, else None."""
    state = cafe.position.state
    if state in RESTING:
        return Followed(cafe)
    confirms = state is State.AWAITING_CONFIRM and (asks or cafe.waiting_group_confirmed)
    if state in WAITS and at_rest and not confirms:
        return Followed(cafe)
    return None if driven(lease) else Followed(cafe, abandoned=True)


def driven(lease: LeaseView) -> bool:
    """Whether the lease has a holder and has not expired while it was watched (`LeaseWatch`)."""
    return lease.live and bool(lease.holder)
