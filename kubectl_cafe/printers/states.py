"""The state machine as text and as a mermaid diagram, from `lifecycle.TABLE`."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import table
from statemachine.lifecycle import RESTING, TABLE, State


def text() -> str:
    """One row a move, in the table's order."""
    rows = [(row.source, row.trigger, row.dest, row.guard, row.note) for row in TABLE]
    return table(("from", "trigger", "to", "if", "note"), rows)


def result() -> Printable:
    """The output of `states` in each format."""
    others = {"text": text, "mermaid": mermaid, "markdown": page}
    return Printable(documents=lambda: [document()], others=others)


def document() -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md)."""
    states = [{"name": state, "resting": state in RESTING} for state in State]
    return documents.document("StateMachine", {"states": states, "moves": TABLE})


def mermaid() -> str:
    """A state diagram; resting states lead to the end state."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.IDLE}"]
    arrows: dict[tuple[State, State], list[str]] = {}
    for row in TABLE:
        label = f"{row.trigger} [{row.guard}]" if row.guard else str(row.trigger)
        labels = arrows.setdefault((row.source, row.dest), [])
        if label not in labels:
            labels.append(label)
    for (source, dest), labels in arrows.items():
        lines.append(f"    {source} --> {dest}: {', '.join(labels)}")
    lines += [f"    {state} --> [*]" for state in RESTING if state is not State.IDLE]
    return "\n".join(lines)


def page() -> str:
    """The whole text of docs/state-machine.md."""
    states = "\n".join(
        f"| {row.source} | {row.trigger} | {row.dest} | {row.guard} | {row.note} |" for row in TABLE
    )
    return f"""# The state machine of a release

This page is generated from the table that the code runs (`kubectl cafe states -o markdown`); a test
compares both. Moves that no command makes are made by the driver: `step_done` ends a step, `fail`
fails the release, and `pods_settled` ends an abort when no pod in flight can change by itself any
more. The terms are explained in the [glossary](design/architecture.md#glossary).

```mermaid
{mermaid()}
```

| from | trigger | to | if | note |
|---|---|---|---|---|
{states}
"""
