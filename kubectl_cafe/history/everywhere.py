"""Lists the releases of all CafeDeployments of a namespace or of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CafeError
from kubectl_cafe.history import listing
from kubectl_cafe.history.model import Placed
from kubectl_cafe.record import release_record
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import PastRelease
from kubectl_cafe.times import seconds


def read(transport: Transport, namespace: str | None, since: float | None) -> list[Placed]:
    """The releases of `namespace` (None: of all namespaces), oldest first.

    `since`: only those that started or ended in the last `since` seconds, or are under way.
    Included are records that outlived their CafeDeployment, but not the releases that version 0.1.0
    recorded in annotations of revisions.
    """
    kept = transport.list(paths.controllerrevisions(namespace), {"labelSelector": names.RELEASE_OF})
    cafes = transport.list(paths.cafedeployments(namespace))
    found: dict[tuple[str, str], Placed] = {}
    now = transport.server_time()
    for item in kept.items:
        stored = release_record.parse(item)
        if stored.release is not None:
            line = listing.line_of(stored.release, {}, now)
            space = item["metadata"]["namespace"]
            found[stored.of_uid, stored.release.id] = Placed(space, stored.of, line)
    for item in cafes.items:
        cafe = CafeDeployment(item)
        for release in _present(cafe):
            if (cafe.uid, release.id) not in found or not release.ended:
                known = {one.name: one for one in direct_reads.read_revisions(transport, cafe)}
                line = listing.line_of(release, known, now)
                found[cafe.uid, release.id] = Placed(cafe.namespace, cafe.name, line)
    lines = sorted(found.values(), key=lambda one: (seconds(one.line.started), one.line.ended))
    return [one for one in lines if not since or listing.reaches(one.line, now - since)]


def _present(cafe: CafeDeployment) -> Iterator[PastRelease]:
    """The release in the record of `cafe`; empty without a record or if it can't be read."""
    try:
        record = cafe.record
    except CafeError:
        return
    if record is not None:
        yield past_releases.present(record)
