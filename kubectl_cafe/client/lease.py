"""Who drives: a Lease taken by compare-and-swap, renewed, given back (protocol 4, 9, 10)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kubectl_cafe.client import paths
from kubectl_cafe.client.clock import Clock
from kubectl_cafe.client.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Gone,
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
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl

__all__ = ["LeaseHeld", "LeaseKeeper", "LeaseLost", "LeaseView"]

RENEWAL = 5.0
"""Seconds between renewals."""
DEADLINE = 20.0
"""Seconds without a renewal, counted from before it was sent, after which we stop writing."""
RETRY = 1.0
"""Seconds between tries of a renewal that failed."""
_UNKNOWNS = 3
"""How many lost answers in a row end an attempt to take the lease."""
_BUSY = 6
"""How often a server that is too busy is asked again before the lease is ours."""
_ENDING = 30.0
"""Seconds that giving it back waits for a renewal under way: a credential plugin may hang."""
_KIND = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}


class LeaseKeeper:
    """One process' claim to drive one CafeDeployment.

    `name` is the Lease's own, `owner` an ownerReference for it, `identity` unique per
    process. Renewals go past the guard of the session that writes under it, which is `check`.
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
        self._lost = "the lease was never taken"
        self._trouble = ""
        """Why the last renewal failed."""
        self.given_back = False
        """Whether the holder before us gave it back: then nothing of its is in flight."""
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(
        self,
        wait: bool,
        progress: Callable[[LeaseView], None] | None = None,
        silent: str = "",
    ) -> int:
        """Take the lease; returns leaseTransitions after the take, a candidate for the epoch.

        At once a free one, one that is long past its time, and the one of resourceVersion
        `silent`, which the caller has watched. Otherwise raises LeaseHeld, or with `wait` looks
        every second, tells `progress`, and takes it when it is given back or has not changed
        for its whole duration by our own clock, whatever the server's says.
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
                # The answer to our own take was lost, the take was not.
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
        """Renew in a thread of its own until `release` or until the lease is lost.

        `on_renew` runs there after each renewal and must come back within seconds (the
        driver reads the CR there, with a timeout); an ApiError of its is left to the
        next time, anything else ends the lease. `on_lost` runs once.
        """
        self._thread = threading.Thread(
            target=self._keep, args=(on_renew, on_lost), name="lease", daemon=True
        )
        self._thread.start()

    def renew(self) -> None:
        """One renewal, as the thread does it. Raises LeaseLost when it is not ours any
        more, another ApiError when there was no telling."""
        for last in (False, True):
            # The server may count from the moment the request arrives; we count from here.
            sent = self._clock.monotonic()
            try:
                self._replace({"renewTime": self._now()})
            except (Conflict, Gone, UnknownOutcome):
                self._confirm()
                if last:
                    raise
            else:
                self._deadline, self._trouble = sent + DEADLINE, ""
                return

    def check(self) -> None:
        """Raises LeaseLost once the deadline is past: call it directly before every write."""
        if not self._lost and self._clock.monotonic() >= self._deadline:
            why = f": {self._trouble}" if self._trouble else ""
            self._lose(f"it could not be renewed for {DEADLINE:.0f} s{why}")
        if self._lost:
            raise LeaseLost(
                f"the lease is lost: {self._lost}",
                where=self._path,
                hint=kubectl("cafe status") + ", then " + kubectl("cafe drive"),
            )

    def release(self, *, answered: bool = True) -> bool:
        """Give the lease back; False if it wasn't ours any more or the server can't be reached.

        Only where `answered`, every own request (protocol 10): the next driver then need not
        fence anything. Else it is left to run out.
        """
        self._halt.set()
        under_way = False
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_ENDING)
            under_way = self._thread.is_alive()
        mine, self._lost = not self._lost, self._lost or "it was given back"
        if not mine or not answered or under_way:
            return False
        given_back = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": self._now()}
        try:
            self._replace(given_back)
        except ApiError:
            # It runs out by itself: not worth a person's attention.
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
            except Exception as error:  # a driver that no longer hears of moves must not go on
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
        """Read the lease again; raises LeaseLost if another holds it.

        Deleted by a stranger, it is made again (C71): whoever took it meanwhile was first.
        """
        lease = self._read()
        if lease is None:
            transitions = int(self._lease["spec"]["leaseTransitions"])
            lease = self._take(None, transitions) or self._read() or {}
        holder = (lease.get("spec") or {}).get("holderIdentity")
        if holder != self._identity:
            self._lose(f"{driver(holder) or 'nobody'} holds it now")
            self.check()
        self._lease = lease

    def _take(self, lease: Object | None, transitions: int) -> Object | None:
        """One try; None: somebody was faster, read again. Raises UnknownOutcome, Denied."""
        spec = taken(self._identity, self._now(), transitions)
        metadata: Object = {"name": self._name, "namespace": self._namespace}
        if lease is not None:
            metadata = lease["metadata"]
        if self._owner is not None:
            metadata = {**metadata, "ownerReferences": [self._owner]}
        body = {**_KIND, "metadata": metadata, "spec": spec}
        try:
            if lease is None:
                return self._transport.create(self._collection, body, guarded=False, timeout=ANSWER)
            return self._transport.replace(self._path, body, guarded=False, timeout=ANSWER)
        except AlreadyExists:
            return None
        except Conflict as error:
            if lease is not None and self._unchanged(lease):
                raise not_stale(error) from None  # It would be tried for ever.
            return None
        except Gone:
            if lease is None:
                raise  # the namespace is what is missing
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
        self._lease = self._transport.replace(self._path, body, guarded=False, timeout=ANSWER)
