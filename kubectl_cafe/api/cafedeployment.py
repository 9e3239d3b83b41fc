"""A typed view of a CafeDeployment (protocol 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.api.release_annotations import contradiction
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.podsets import PodSet, kinds
from kubectl_cafe.revisions import template as templates
from statemachine.lifecycle import Position, State
from statemachine.record import PODS_LIMIT, OnFailure, Record, Strategy
from statemachine.record_json import RecordError, decode
from statemachine.steps import AllocationError, UpgradeType, allocate
from statemachine.versioned import shown

Json = Mapping[str, Any]
HASHED = ("template", "topology", "podSetType", "selector")
"""The fields of the spec whose change during a release makes the release fail (protocol 7)."""


class CafeDeployment(Struct, frozen=True, dict=True):
    """One CafeDeployment; `obj` is the API object as the server answered it, defaults included."""

    obj: Json

    @property
    def name(self) -> str:
        """metadata.name."""
        return str(self.obj["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """metadata.namespace."""
        return str(self.obj["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        """metadata.uid."""
        return str(self.obj["metadata"]["uid"])

    @property
    def resource_version(self) -> str:
        """metadata.resourceVersion."""
        return str(self.obj["metadata"]["resourceVersion"])

    @property
    def where(self) -> str:
        """The name of the CafeDeployment in messages."""
        return f"cafedeployment/{self.name} in namespace {self.namespace}"

    @cached_property
    def spec(self) -> Json:
        """The spec without nulls, for all comparisons, hashes and requests. Raises CafeError."""
        try:
            spec: Json = templates.without_nulls(self.obj["spec"])
        except RecursionError:
            raise CafeError(
                "the spec is nested too deeply",
                where=self.where,
                hint=kubectl(f"edit cafed {self.name}", self.namespace),
            ) from None
        return spec

    @property
    def template(self) -> Json:
        """The pod template in the spec."""
        template: Json = self.spec["template"]
        return template

    def with_spec(self, spec: Json) -> CafeDeployment:
        """A copy of this CafeDeployment with `spec`; nothing is sent to the server."""
        return CafeDeployment({**self.obj, "spec": dict(spec)})

    def with_template(self, template: Json) -> CafeDeployment:
        """A copy of this CafeDeployment with `template`; nothing is sent to the server."""
        return self.with_spec({**self.spec, "template": template})

    @property
    def replicas(self) -> int:
        """The number of pods in the spec."""
        return int(self.spec.get("replicas", 1))

    @property
    def keeps_records(self) -> bool:
        """spec.keepRecords: whether the records of ended releases outlive the CafeDeployment."""
        return bool(self.spec.get("keepRecords", False))

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations."""
        return self.obj["metadata"].get("annotations") or {}

    @cached_property
    def record(self) -> Record | None:
        """The record of the last release; None before the first release.

        None as well if the record names another CafeDeployment's uid: then a backup or `get -o
        yaml` has copied it (protocol 4). Raises CafeError if the record is damaged, or if another
        annotation contradicts it.
        """
        text = self.annotations.get(names.RELEASE)
        if text is None:
            return None
        try:
            record = decode(text)
        except RecordError as error:
            raise CafeError(
                f"the release's record cannot be read: {error}",
                where=f"{self.where}, annotation {names.RELEASE}",
                hint="nothing was changed. Check whether a newer kubectl-cafe is required: "
                + kubectl("cafe version")
                + "; show the record: "
                + kubectl(f"get cafed {self.name}", self.namespace, "-o yaml"),
            ) from None
        if record.uid != self.uid:
            return None
        if (found := contradiction(record, self.annotations)) is not None:
            name, why = found
            raise CafeError(
                why,
                where=f"{self.where}, annotation {name}",
                hint="nothing was changed. If the record is correct, remove the annotation: "
                + kubectl(f"annotate cafed {self.name}", self.namespace, f"{name}-"),
            )
        return record

    @property
    def foreign_record(self) -> bool:
        """Whether the record was copied from another CafeDeployment: it names another uid."""
        return names.RELEASE in self.annotations and self.record is None

    @property
    def position(self) -> Position:
        """The release's state, and its state before Paused or Failed; Idle without a record."""
        return self.record.position if self.record else Position(State.IDLE)

    @property
    def confirmed(self) -> str:
        """The value of the annotation upgrade-confirmed: `false`, `true`, or a group's number."""
        return self.annotations.get(names.CONFIRMED, "false").strip()

    @property
    def waiting_group_confirmed(self) -> bool:
        """Whether upgrade-confirmed confirms the waiting group: it is `true` or its number."""
        record = self.record
        return record is not None and self.confirmed in ("true", str(record.waiting_group))

    @property
    def unswitched(self) -> frozenset[str]:
        """Causes of mode None that existed when the current release started (C28).

        `assessment/lost_switches.py` defines the causes.
        """
        release, *causes = self.annotations.get(names.UNSWITCHED, "").split() or [""]
        return frozenset(causes if self.record and self.record.id == release else ())

    @property
    def podset(self) -> PodSet:
        """The pod set of spec.podSetType; the default one for an unknown podSetType."""
        return kinds.of(self.obj["spec"])

    @property
    def selector_labels(self) -> Mapping[str, str]:
        """spec.selector.matchLabels."""
        return (self.spec.get("selector") or {}).get("matchLabels") or {}

    @property
    def label_selector(self) -> str:
        """The label selector by which the API server lists the workloads and their pods."""
        labels = self.podset.selector({**self.obj, "spec": self.spec})
        return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))

    @property
    def cells(self) -> tuple[str, ...]:
        """The names of the cells; one empty name if spec.topology.unitType is None."""
        topology = self.spec.get("topology") or {}
        if topology.get("unitType", "None") == "None":
            return ("",)
        return tuple(topology.get("values") or ())

    @property
    def deleting(self) -> bool:
        """Whether the object is being deleted: it has a deletionTimestamp."""
        return "deletionTimestamp" in self.obj["metadata"]

    @property
    def paused_by_spec(self) -> bool:
        """Whether spec.strategy.pause is set."""
        return bool((self.spec.get("strategy") or {}).get("pause"))

    @property
    def strategy(self) -> Strategy:
        """The strategy of the spec with its defaults, as a release starts with it."""
        wish = self.spec.get("strategy") or {}
        return Strategy(
            upgrade_type=UpgradeType(wish.get("upgradeType", "Beta")),
            batch_size=wish.get("batchSize"),
            need_waiting_for_confirm=wish.get("needWaitingForConfirm", False),
            min_ready_seconds=wish.get("minReadySeconds", 0),
            max_unavailable=wish.get("maxUnavailable", "25%"),
            progress_deadline_seconds=wish.get("progressDeadlineSeconds", 600),
            drain_seconds=wish.get("drainSeconds", 0),
            on_failure=OnFailure(wish.get("onFailure", "Hold")),
            traffic_finalizers=tuple(wish.get("trafficFinalizers") or ()),
        )

    @property
    def spec_hash(self) -> str:
        """A hash of the spec fields from which a release is planned (HASHED)."""
        return templates.fingerprint({key: self.spec.get(key) for key in HASHED})

    def allocated(self) -> dict[str, int]:
        """The number of pods by cell: from the annotation, else computed (protocol 8).

        Raises CafeError if the annotation has other cells than the spec, Refused if the numbers in
        the spec do not fit together.
        """
        recorded = self.recorded_allocation
        if recorded is None:
            return self.wished_allocation()
        if set(recorded) != set(self.cells):
            raise self._bad_allocation()
        return {cell: recorded[cell] for cell in self.cells}

    @property
    def recorded_allocation(self) -> dict[str, int] | None:
        """The number of pods by cell after the last release; None: no annotation has it.

        Raises CafeError if the annotation is invalid.
        """
        text = self.annotations.get(names.ALLOCATION)
        if text is None:
            return None
        try:
            allocation = json.loads(text)
            if all(type(size) is int and 0 <= size <= PODS_LIMIT for size in allocation.values()):
                return dict(allocation)
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise self._bad_allocation()

    def _bad_allocation(self) -> CafeError:
        found = shown(self.annotations[names.ALLOCATION])
        return CafeError(
            f"{found} must have a number of pods for each of {', '.join(self.cells)}",
            where=f"{self.where}, annotation {names.ALLOCATION}",
            hint=kubectl(f"get cafed {self.name}", self.namespace, "-o yaml"),
        )

    def wished_allocation(self) -> dict[str, int]:
        """The number of pods by cell, computed from spec.replicas and spec.topology.

        Raises Refused if the numbers do not fit together or exceed the maximum.
        """
        if self.replicas > PODS_LIMIT:
            raise Refused(
                f"{self.replicas} pods exceed the maximum of {PODS_LIMIT}",
                where=f"{self.where}, spec.replicas",
                hint=kubectl(f"scale cafed {self.name}", self.namespace, "--replicas NUMBER"),
            )
        if self.cells == ("",):
            return {"": self.replicas}
        units = (self.spec.get("topology") or {}).get("unitReplicas") or {}
        try:
            return allocate(self.replicas, self.cells, units)
        except AllocationError as error:
            raise Refused(
                str(error),
                where=f"{self.where}, spec.topology.unitReplicas",
                hint=kubectl(f"edit cafed {self.name}", self.namespace),
            ) from None
