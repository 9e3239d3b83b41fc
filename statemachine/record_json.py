"""The record of a release as JSON in an annotation, with bounded size (protocol 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from statemachine import versioned
from statemachine.lifecycle import LEGS, RESTING, Trigger
from statemachine.record import PODS_LIMIT, TEXT_LIMIT, VERSION, Record, cut
from statemachine.steps import ALGORITHM, Kind
from statemachine.versioned import DecodeError

OLDEST = 1
"""The oldest version that is read. A release of an older version ends in that version."""
JOURNAL_LIMIT = 60
SIZE_LIMIT = 64 * 1024
"""The most bytes of a record; all annotations of an object together may have 256 KiB."""
LAST = 5
"""Entries at the journal's end that are dropped only after all texts have been shortened."""
SHORTER_TEXTS = (120, 40, 0)
"""Limits in characters to which texts are shortened, in turn, while the record is too large."""


class RecordError(ValueError):
    """The record can't be read: it is damaged, or of a newer version."""


def encode(record: Record, limit: int = SIZE_LIMIT) -> str:
    """`record` as the annotation's text, in at most `limit` bytes if `fit` can cut that much."""
    return _text(fit(record, limit))


def _text(record: Record) -> str:
    """The record's JSON, without the fields that its version does not have."""
    return versioned.encode(record, () if record.v >= VERSION else ("client",))


def fit(record: Record, limit: int = SIZE_LIMIT) -> Record:
    """`record` with texts and journal bounded, and cut further until its JSON has `limit` bytes.

    The journal's middle goes first, then texts, then the journal's end except its last entry. What
    decisions depend on stays: id, kind, state, plan, epochs, who started the release, the
    confirmations of the current leg (protocol 4). A record that is still too large is returned with
    all cuts made. A limit of 0 makes all cuts: so a record and a cut form of it become equal.
    """
    dropped = max(0, len(record.journal) - JOURNAL_LIMIT)
    # The first entry names the user who started the release: it stays, the oldest others go.
    journal = (*record.journal[:1], *record.journal[1 + dropped :])
    record = replace(record, journal=journal, journal_cut=record.journal_cut + dropped)
    record = _with_texts(record, TEXT_LIMIT)
    cuts: tuple[Callable[[Record], Record], ...] = (
        partial(_without_oldest, keep=LAST),
        *(partial(_with_texts, limit=most) for most in SHORTER_TEXTS),
        partial(_without_oldest, keep=1),
    )
    for shorter in cuts:
        while True:
            if len(_text(record).encode()) <= limit:
                return record
            before, record = record, shorter(record)
            if record == before:
                break
    return record


def _without_oldest(record: Record, keep: int) -> Record:
    """`record` without the oldest journal entry that may go, or unchanged if none may.

    These entries stay: the first, the last `keep`, the one that began the current leg, and the
    confirmations of that leg.
    """
    begun = [n for n, entry in enumerate(record.journal) if entry.trigger in LEGS]
    leg = begun[-1] if begun else 0
    for place, entry in enumerate(record.journal[1 : len(record.journal) - keep], 1):
        if place < leg or (place > leg and entry.trigger is not Trigger.CONFIRM):
            journal = (*record.journal[:place], *record.journal[place + 1 :])
            return replace(record, journal=journal, journal_cut=record.journal_cut + 1)
    return record


def _with_texts(record: Record, limit: int) -> Record:
    """`record` with reasons, hosts and the failure's message in at most `limit` characters."""
    failure = record.failure and replace(record.failure, message=cut(record.failure.message, limit))
    journal = tuple(
        replace(entry, why=cut(entry.why, limit), host=cut(entry.host, limit))
        for entry in record.journal
    )
    return replace(record, why=cut(record.why, limit), failure=failure, journal=journal)


def decode(text: str) -> Record:
    """The record in `text`, as `encode` writes it. Raises RecordError."""
    try:
        record = versioned.decode(Record, text, VERSION, OLDEST)
        times = (("since", record.since), ("started", record.started))
        for name, time in (*times, *(("journal", entry.at) for entry in record.journal)):
            versioned.check_time(time, f".{name}")
    except DecodeError as error:
        raise RecordError(str(error)) from None
    if problem := _out_of_range(record):
        raise RecordError(problem)
    if record.plan.algorithm != ALGORITHM:
        raise RecordError(f"plan.algorithm: {record.plan.algorithm}, this version has {ALGORITHM}")
    # Only a release that has ended is past its last step.
    if not 0 <= record.step < len(record.steps) + (record.state in RESTING):
        raise RecordError(f"step: {record.step}, the plan has {len(record.steps)} steps")
    return record


def _out_of_range(record: Record) -> str:
    """The error for the first value of the plan that is out of range; empty if there is none."""
    strategy = record.plan.strategy
    if not re.fullmatch(r"[0-9]{1,9}%?", str(strategy.max_unavailable)):
        shown = versioned.shown(strategy.max_unavailable)
        return f".plan.strategy.maxUnavailable: {shown} is not a number of pods or a percentage"
    if sum(record.plan.cells.values()) > PODS_LIMIT:
        return f".plan.cells: more than {PODS_LIMIT} pods"
    if strategy.batch_size is not None and strategy.batch_size < 1:
        return f".plan.strategy.batchSize: {strategy.batch_size} is below 1"
    if any(size < 0 for size in record.plan.cells.values()):
        return ".plan.cells: the number of pods of a cell is negative"
    if record.kind is Kind.SCALE and record.plan.before is None:
        return ".plan.before: missing"
    before = record.plan.before or {}
    if sum(before.values()) > PODS_LIMIT:
        return f".plan.before: more than {PODS_LIMIT} pods"
    for cell, size in before.items():
        if cell not in record.plan.cells or size < 0:
            place = versioned.key_shown(cell)
            return f".plan.before.{place}: {size} pods, below 0 or of a cell that plan.cells lacks"
    return ""
