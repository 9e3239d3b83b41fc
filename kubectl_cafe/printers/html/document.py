"""The report of one release as a document (`-o json`, `-o yaml`), with times in RFC 3339."""

from __future__ import annotations

from kubectl_cafe.history.report_model import Report
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.document import fields_of
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.times import rfc3339

TIMES = frozenset(
    {"at", "started", "ended", "start", "end", "begun", "over"}
    | {"off", "patched", "again", "runs", "on", "ready", "born"}
)
"""The fields that are times; in a document "" stands for one that is not known."""


def result(report: Report) -> Printable:
    """The output of `report` in each format."""
    from kubectl_cafe.printers.html.page import page

    return Printable(documents=lambda: [document(report)], others={"html": lambda: page(report)})


def document(report: Report) -> dict[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md)."""
    shown = fields_of(report)
    # `kind` is the document's own, as in every Kubernetes object.
    shown["releaseKind"] = shown.pop("kind")
    return documents.document("ReleaseReport", _dated(shown))


def _dated(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {key: _dated(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item) for item in value]
    if name in TIMES and isinstance(value, int | float):
        return rfc3339(value) if value else ""
    return value
