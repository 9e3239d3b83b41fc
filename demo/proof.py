"""The proof that a release was in place: every pod before and after, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabulate import tabulate


@dataclass(frozen=True)
class Shot:
    """One pod at one moment; `containers` maps a name to (image, restarts, containerID)."""

    uid: str
    ip: str
    node: str
    containers: Mapping[str, tuple[str, int, str]]


def shots(pods: Sequence[Mapping[str, Any]]) -> dict[str, Shot]:
    """A Shot of each pod, by name."""
    return {
        pod["metadata"]["name"]: Shot(
            uid=pod["metadata"]["uid"],
            ip=pod["status"].get("podIP", ""),
            node=pod["spec"].get("nodeName", ""),
            containers={
                status["name"]: (
                    status["image"],
                    status["restartCount"],
                    status.get("containerID", ""),
                )
                for status in pod["status"].get("containerStatuses", ())
            },
        )
        for pod in pods
    }


def problems(before: Mapping[str, Shot], after: Mapping[str, Shot], changed: str) -> list[str]:
    """What is not as an in-place release leaves it; nothing if all is well."""
    found = [f"pod {name} is gone" for name in before if name not in after]
    found += [f"pod {name} is new" for name in after if name not in before]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        same = (old.uid, old.ip, old.node) == (new.uid, new.ip, new.node)
        if not same:
            found.append(f"pod {name} changed its uid, IP or node")
        for container, (_, restarts, container_id) in new.containers.items():
            _, restarted_before, id_before = old.containers[container]
            more = restarts - restarted_before
            wanted = 1 if container == changed else 0
            if more != wanted:
                found.append(f"pod {name}: container {container} restarted {more} times")
            if container != changed and container_id != id_before:
                found.append(f"pod {name}: container {container} is another one")
    return found


def table(before: Mapping[str, Shot], after: Mapping[str, Shot]) -> str:
    """One row a pod: what stayed, and what each container ran before and runs now."""
    rows = []
    for name, new in sorted(after.items()):
        old = before.get(name)
        ran = [
            f"{container}: {_tag(old, container)} -> {image.rsplit(':', 1)[-1]} (+{more} restarts)"
            for container, (image, restarts, _) in new.containers.items()
            for more in [restarts - (old.containers[container][1] if old else 0)]
        ]
        rows.append(
            (
                name,
                f"same {new.uid[:8]}" if old and old.uid == new.uid else "NEW",
                f"same {new.ip}" if old and old.ip == new.ip else "NEW",
                f"same {new.node}" if old and old.node == new.node else "NEW",
                ", ".join(ran),
            )
        )
    return tabulate(rows, ["POD", "UID", "IP", "NODE", "CONTAINERS"], tablefmt="plain")


def _tag(shot: Shot | None, container: str) -> str:
    return shot.containers[container][0].rsplit(":", 1)[-1] if shot else "-"
