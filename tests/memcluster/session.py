"""The cluster in memory as one session writes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubectl_cafe.client.transport import Object, Objects, PatchKind, Query

if TYPE_CHECKING:
    from tests.memcluster.cluster import MemCluster


class MemSession:
    """Stands in for SessionTransport: its own lease, release and `aside_refused`.

    All else is the cluster's: what is read, the clock, the faults, what was written.
    """

    def __init__(
        self, cluster: MemCluster, check_lease: Callable[[], None], release: str = ""
    ) -> None:
        self._cluster = cluster
        self.check_lease = check_lease
        self.release = release
        self.aside_refused = ""
        self.answer: Object | Exception | None = None
        """The answer to the next PATCH, which the server has carried out before."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    @property
    def user_agent(self) -> str:
        """As SessionTransport's."""
        return self._cluster.user_agent + (f" (release {self.release})" if self.release else "")

    def create(
        self,
        path: str,
        body: Object,
        query: Query | None = None,
        *,
        needs_lease: bool = True,
        timeout: float | None = None,
    ) -> Object:
        """POST to a collection, if the lease is held."""
        if needs_lease:
            self.check_lease()
        return self._cluster.create(path, body, query)

    def replace(
        self, path: str, body: Object, *, needs_lease: bool = True, timeout: float | None = None
    ) -> Object:
        """PUT, if the lease is held."""
        if needs_lease:
            self.check_lease()
        return self._cluster.replace(path, body)

    def patch(
        self,
        path: str,
        body: Object | Objects,
        kind: PatchKind,
        query: Query | None = None,
        *,
        timeout: float | None = None,
    ) -> Object:
        """PATCH, if the lease is held."""
        self.check_lease()
        answer, self.answer = self.answer, None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        return self._cluster.patch(path, body, kind, query)

    def delete(
        self, path: str, body: Object | None = None, *, timeout: float | None = None
    ) -> Object:
        """DELETE, if the lease is held."""
        self.check_lease()
        return self._cluster.delete(path, body)
