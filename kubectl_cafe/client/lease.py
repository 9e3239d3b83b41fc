"""The driver's Lease: taken by compare-and-swap, renewed, released (protocol 4, 9, 10)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kubectl_cafe.client import paths
from kubectl_cafe.client.clock import Clock
from kubectl_cafe.client.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    NotFound,
    ServerError,
    Throttled,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.lease_view import (
    ANSWER,
    LeaseHeld,
    LeaseLost,
    LeaseView,
    LeaseWatch,
    driver,
    judge,
    micro_time,
    taken,
)
from kubectl_cafe.client.transport import Object, Transport
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl

__all__ = ["LeaderElector", "LeaseHeld", "LeaseLost", "LeaseView"]

RENEWAL = 5.0
"""Seconds between renewals."""
DEADLINE = 20.0
"""Seconds after the last successful renewal was sent, after which this process stops writing."""
RETRY = 1.0
"""Seconds between attempts of a renewal that failed."""
_UNKNOWNS = 3
"""The number of lost answers after which `acquire` raises UnknownOutcome."""
_BUSY = 6
"""The number of retries of `acquire` when the server answers 429 or 5xx."""
_ENDING = 30.0
"""Seconds for which `release` waits for a pending renewal: a credential plugin may hang."""
_KIND = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}


class LeaderElector:
    """Acquires, renews and releases the Lease of one CafeDeployment for this process.

    `name` and `owner` (an ownerReference) are those of the Lease. `identity` is unique per process.
    The session calls `check` before each of its writes, but not before renewals.
    """

    def __init__(
        self,
        transport: Transport,
        namespace: str,
        name: str,
        owner: Object | None,
        identity: str,
        clock: Clock,
    ) -> None:
        self._transport = transport
        self._collection = paths.leases(namespace)
        self._path = paths.leases(namespace, name)
        self._namespace = namespace
        self._name = name
        self._owner = owner
        self._identity = identity
        self._clock = clock
        self._lease: Object = {}
        self._deadline = float("-inf")
        self._lost = "this command does not hold the lease"
        self._trouble = ""
        """The error of the last failed renewal."""
        self.given_back = False
        """Whether the previous holder released the lease: then none of its writes is in flight."""
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(
        self,
        wait: bool,
        progress: Callable[[LeaseView], None] | None = None,
        silent: str = "",
    ) -> int:
        """Take the lease; returns its leaseTransitions, a candidate for the epoch.

        A lease is taken at once if it is free, expired long ago (SKEW), or is still at the
        resourceVersion `silent`, which the caller has watched. Otherwise raises LeaseHeld. With
        `wait` the lease is read every second instead, `progress` is called with it, and it is taken
        when it is released or has not changed for its whole duration by this machine's clock,
        whatever the server's clock shows.
        """
        watch, unknown, busy = LeaseWatch(self._clock), 0, 0
        while True:
            try:
                lease = self._read()
            except (ServerError, Throttled):
                busy += 1
                if busy > _BUSY:
                    raise
                self._clock.sleep(RENEWAL)
                continue
            judged = judge(lease, self._transport.server_time())
            now = watch.saw(judged)
            if not unknown:
                self.given_back = lease is not None and now.holder is None
            mine = now.holder == self._identity
            if lease is not None and mine and unknown:
                # The lease was taken, and only the answer was lost.
                epoch = self._taken(lease, self._clock.monotonic())
                self.renew()
                return epoch
            watched = bool(silent) and now.version == silent
            if mine or watched or not now.live:
                sent = self._clock.monotonic()
                try:
                    ours = self._take(lease, now.transitions + 1)
                except UnknownOutcome:
                    unknown += 1
                    if unknown == _UNKNOWNS:
                        raise
                    self._clock.sleep(RETRY)
                    continue
                if ours is not None:
                    return self._taken(ours, sent)
            elif not wait:
                raise LeaseHeld(judged, self._name, self._namespace)
            else:
                if progress is not None:
                    progress(now)
                self._clock.sleep(1.0)

    def start(
        self,
        on_renew: Callable[[], None] | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        """Renew in a thread until `release` or until the lease is lost.

        The thread calls `on_renew` after each renewal; it must return within seconds (the driver
        reads the CafeDeployment in it, with a timeout). An ApiError in it is ignored; any other
        error ends the lease. `on_lost` is called once, unless `release` was called.
        """
        self._thread = threading.Thread(
            target=self._keep, args=(on_renew, on_lost), name="lease", daemon=True
        )
        self._thread.start()

    def renew(self) -> None:
        """Renew once; raises LeaseLost if another process holds the lease, or another ApiError."""
        for last in (False, True):
            # The deadline counts from the sending, because the time of the arrival is not known.
            sent = self._clock.monotonic()
            try:
                self._replace({"renewTime": self._now()})
            except (Conflict, NotFound, UnknownOutcome):
                self._confirm()
                if last:
                    raise
            else:
                self._deadline, self._trouble = sent + DEADLINE, ""
                return

    def check(self) -> None:
        """Raise LeaseLost once the deadline is past; to be called directly before every write."""
        if not self._lost and self._clock.monotonic() >= self._deadline:
            why = f": {self._trouble}" if self._trouble else ""
            self._lose(f"it was not renewed for {exact(DEADLINE)}{why}")
        if self._lost:
            raise LeaseLost(
                f"the lease is lost: {self._lost}",
                where=self._path,
                hint=kubectl("cafe status") + ", then " + kubectl("cafe drive"),
            )

    def release(self, *, answered: bool = True) -> bool:
        """Release the lease. Returns whether it was released.

        The lease is released only where `answered`: all requests of the driver are answered
        (protocol 10), and the next driver need not fence. Otherwise the lease is left to expire.
        """
        self._halt.set()
        under_way = False
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_ENDING)
            under_way = self._thread.is_alive()
        mine, self._lost = not self._lost, self._lost or "it was released"
        if not mine or not answered or under_way:
            return False
        given_back = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": self._now()}
        try:
            self._replace(given_back)
        except ApiError:
            # No message is needed: the lease expires by itself.
            return False
        return True

    def _keep(
        self, on_renew: Callable[[], None] | None, on_lost: Callable[[], None] | None
    ) -> None:
        wait = RENEWAL
        while not self._halt.wait(wait):
            started = self._clock.monotonic()
            try:
                self.check()
                self.renew()
            except LeaseLost:
                break
            except CafeError as error:
                self._trouble = error.message
                wait = RETRY
                continue
            except Exception as error:  # A thread that ends silently would lose the lease.
                self._lose(f"a renewal failed: {error!r}")
                break
            try:
                if on_renew is not None:
                    on_renew()
            except ApiError:
                pass
            except Exception as error:  # The driver would miss moves: it must stop.
                self._lose(f"the driver failed at a renewal: {error}")
                break
            wait = max(0.0, RENEWAL - (self._clock.monotonic() - started))
        if self._lost and on_lost is not None and not self._halt.is_set():
            on_lost()

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why

    def _now(self) -> str:
        return micro_time(self._transport.server_time())

    def _read(self) -> Object | None:
        return self._transport.get_or_none(self._path, timeout=ANSWER)

    def _confirm(self) -> None:
        """Read the lease again; raises LeaseLost if another process holds it.

        If another client has deleted the lease, it is created again, unless another process creates
        it first (C71).
        """
        lease = self._read()
        if lease is None:
            transitions = int(self._lease["spec"]["leaseTransitions"])
            lease = self._take(None, transitions) or self._read() or {}
        holder = (lease.get("spec") or {}).get("holderIdentity")
        if holder != self._identity:
            self._lose(f"its holder is now {driver(holder) or 'none'}")
            self.check()
        self._lease = lease

    def _take(self, lease: Object | None, transitions: int) -> Object | None:
        """Take the lease; None if another process wrote it first. Raises UnknownOutcome, Denied."""
        spec = taken(self._identity, self._now(), transitions)
        metadata: Object = {"name": self._name, "namespace": self._namespace}
        if lease is not None:
            metadata = lease["metadata"]
        if self._owner is not None:
            metadata = {**metadata, "ownerReferences": [self._owner]}
        body = {**_KIND, "metadata": metadata, "spec": spec}
        try:
            if lease is None:
                return self._transport.create(
                    self._collection, body, needs_lease=False, timeout=ANSWER
                )
            return self._transport.replace(self._path, body, needs_lease=False, timeout=ANSWER)
        except AlreadyExists:
            return None
        except Conflict as error:
            if lease is not None and self._unchanged(lease):
                raise not_stale(error) from None  # Otherwise this would be tried forever.
            return None
        except NotFound:
            if lease is None:
                raise  # The namespace does not exist.
            return None

    def _unchanged(self, lease: Object) -> bool:
        found, version = self._read(), lease["metadata"]["resourceVersion"]
        return found is not None and bool(found["metadata"]["resourceVersion"] == version)

    def _taken(self, lease: Object, sent: float) -> int:
        self._lease = lease
        self._deadline = sent + DEADLINE
        self._lost = ""
        self._halt.clear()
        return int(lease["spec"]["leaseTransitions"])

    def _replace(self, changed: Object) -> None:
        body = {**self._lease, **_KIND, "spec": {**self._lease["spec"], **changed}}
        self._lease = self._transport.replace(self._path, body, needs_lease=False, timeout=ANSWER)
