"""ControllerRevisions: every template ever released, owned by the CafeDeployment (protocol 4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.revisions import template as templates

Json = Mapping[str, Any]

GOOD = ("Completed", "RolledBack")
LONGEST_OWNER = 63 - len("-0123456789")
"""The most characters of a CafeDeployment's name: a revision's name is the value of a label."""
SUPERSEDED = "Superseded"
"""The outcome of an unfinished release that another release has replaced."""


class Revision(Struct, frozen=True, dict=True):
    """One released template. Its `number`, in the order of first releases, never changes.

    `outcome` and `releases` are annotations that version 0.1.0 wrote: how the last release to the
    revision ended, and the text that `past_releases.decode` reads.
    """

    name: str
    number: int
    template: Json
    outcome: str = ""
    releases: str = ""
    resource_version: str = ""
    uid: str = ""
    annotations: Mapping[str, str] = {}

    @cached_property
    def images(self) -> dict[str, str]:
        """Image by container name."""
        return templates.images(self.template)


def name_of(owner: str, template: Json) -> str:
    """The name of the template's ControllerRevision: equal templates have one revision."""
    return f"{owner}-{templates.fingerprint(templates.without_nulls(template))}"


def parse(obj: Json) -> Revision:
    """The Revision in a ControllerRevision."""
    meta = obj["metadata"]
    notes = meta.get("annotations") or {}
    return Revision(
        name=meta["name"],
        number=obj.get("revision", 0),
        template=templates.without_nulls((obj.get("data") or {}).get("template") or {}),
        outcome=notes.get(names.OUTCOME, ""),
        releases=notes.get(names.RELEASES, ""),
        resource_version=meta["resourceVersion"],
        uid=meta["uid"],
        annotations=notes,
    )


def manifest(owner: Json, template: Json, number: int) -> dict[str, Any]:
    """The ControllerRevision of `template`, owned by the CafeDeployment object `owner`."""
    meta = owner["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name_of(meta["name"], template),
            "namespace": meta["namespace"],
            "labels": {f"{names.PREFIX}/name": meta["name"]},
            "ownerReferences": [owner_reference(owner)],
        },
        "data": {"template": templates.without_nulls(template)},
        "revision": number,
    }


def owner_reference(owner: Json) -> dict[str, Any]:
    """The controlling reference to the CafeDeployment object `owner`."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controlled_by(obj: Json, owners: Collection[str]) -> bool:
    """Whether the controller of `obj` is one of `owners` (uids).

    An owner reference that is not the controlling one does not count.
    """
    references = obj["metadata"].get("ownerReferences") or ()
    return any(one.get("controller") and one["uid"] in owners for one in references)


def next_number(revisions: Iterable[Revision], used: Iterable[int] = ()) -> int:
    """One more than the highest number of the revisions, and of the numbers `used` before."""
    return max((*(revision.number for revision in revisions), *used), default=0) + 1


def prunable(revisions: Iterable[Revision], used: Iterable[str], limit: int) -> list[Revision]:
    """The oldest revisions beyond `limit`, of those not named in `used` (protocol 4)."""
    spare = sorted((r for r in revisions if r.name not in set(used)), key=lambda r: r.number)
    return spare[: max(0, len(spare) - limit)]


def revision_text(revision: Revision | None) -> str:
    """A revision as text: its number and its images; empty for None."""
    if revision is None:
        return ""
    shown = ", ".join(f"{name}={image}" for name, image in revision.images.items())
    return f"revision {revision.number} ({shown})"
