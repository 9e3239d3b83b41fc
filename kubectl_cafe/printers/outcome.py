"""The result of a command that drives, as one document for `-o json` and yaml (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubectl_cafe.errors import FAILED, INTERRUPTED, REACHED, TIMED_OUT, WAITS
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable

MEANINGS = {
    REACHED: "reached",
    WAITS: "waits for a person",
    FAILED: "failed",
    TIMED_OUT: "timed out",
    INTERRUPTED: "interrupted",
}
RECORDED = "recorded"
"""The meaning of exit code 0 if the move was only recorded, for a driver to carry out."""


@dataclass(frozen=True)
class Outcome:
    """The release at the end of the command; revisions are the names of ControllerRevisions.

    `meaning` explains `exit_code`.
    """

    name: str
    namespace: str
    state: str
    origin: str = ""
    release: str = ""
    kind: str = ""
    from_revision: str = ""
    revision: str = ""
    group: int = 0
    groups: int = 0
    who: str = ""
    why: str = ""
    failure: str = ""
    next: tuple[str, ...] = ()
    exit_code: int = REACHED
    meaning: str = ""


def result(outcome: Outcome) -> Printable:
    """The output of a command that drives: one document with `-o json` or yaml, else no text."""
    return Printable(lambda: [document(outcome)])


def document(outcome: Outcome) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml`."""
    # `kind` is the document's own, as in every Kubernetes object.
    fields = documents.fields_of(outcome).items()
    return documents.document(
        "ReleaseOutcome", {"releaseKind" if k == "kind" else k: v for k, v in fields}
    )
