"""The page of one release: its outcome, figures, timeline, journal, change."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from kubectl_cafe.durations import age
from kubectl_cafe.history.report_model import Report
from kubectl_cafe.printers.html.markup import Markup, element, join, table
from kubectl_cafe.printers.html.timeline import timeline
from kubectl_cafe.printers.html.words import moment
from kubectl_cafe.times import seconds

ALLOWED = "default-src 'none'; style-src 'unsafe-inline'"
"""The page's Content-Security-Policy: it loads nothing, whatever a name in it contains."""
GOOD, BAD = ("Completed",), ("Failed", "Aborted", "RolledBack", "Superseded")
"""Outcomes in green and in red: a release that was rolled back has not reached its target."""
FACTS = {
    "Pods that tell of it": "Pods with data",
    "Waited for people": "Waiting for operators",
    "Writes a pod": "Writes per pod",
}
"""The labels of figures whose names in `-o json` are others."""


def page(report: Report) -> str:
    """The whole page as HTML, without references to other files."""
    title = f"Release of {report.name}, {moment(report.started)}"
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=ALLOWED),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        # The stylesheet is the plugin's own: nothing from the cluster is in it.
        element("style", Markup(style)),
    )
    body = element(
        "body",
        element("main", _header(report), *_sections(report)),
        _footer(report),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _header(report: Report) -> Markup:
    """The revisions of the release, its outcome or state, and its user."""
    tone = "good" if report.outcome in GOOD else "bad" if report.outcome in BAD else "open"
    line = [element("span", report.outcome, class_=f"outcome {tone}")]
    if not report.ended:
        line.append(element("span", f"under way, as of {moment(report.at)}", class_="as-of"))
    rows = {
        "Release": report.id,
        "From": report.source or "none (first release)",
        "To": report.target,
        "Started": moment(report.started),
        "Ended": moment(report.ended) if report.ended else "",
        "Started by": report.who + (f", on {report.host}" if report.host else ""),
        "Reason": report.why,
        "Failure": report.failure,
    }
    pairs = (
        join([element("dt", name), element("dd", value)]) for name, value in rows.items() if value
    )
    return element(
        "header",
        element("p", f"{report.kind} · namespace {report.namespace}", class_="kind"),
        element("h1", report.name),
        element("p", *line),
        element("dl", *pairs),
    )


def _sections(report: Report) -> Iterator[Markup]:
    """The sections of the page in order; those without content are left out."""
    if report.facts:
        yield _section("Figures", _facts(report), _phases(report))
    yield _section("Timeline", timeline(report))
    if report.unknown:
        yield _section("Missing data", element("ul", *(_item(u) for u in report.unknown)))
    if report.journal:
        yield _section("Journal", _journal(report))
    yield _section("Change", _change(report))


def _section(title: str, *content: object) -> Markup:
    name = title.lower().replace(" ", "-")
    return element("section", element("h2", title, id=name), *content, aria_labelledby=name)


def _item(text: str) -> Markup:
    return element("li", text)


def _facts(report: Report) -> Markup:
    tiles = (
        element("div", element("dt", FACTS.get(name, name)), element("dd", value))
        for name, value in report.facts.items()
    )
    return element("dl", *tiles, class_="facts")


def _phases(report: Report) -> Markup | str:
    if not report.phases:
        return ""
    heads = ("Phase", "Pods", "Median", "Longest")
    rows = ((p.name, p.pods, age(p.median), age(p.longest)) for p in report.phases)
    return table(heads, rows, "Duration of each phase of a pod")


def _journal(report: Report) -> Markup:
    heads = ("Time", "Move", "State", "Group", "User", "Host", "Reason")
    rows = (
        (moment(seconds(e.at)), e.trigger, e.state, e.group or "", e.who, e.host, e.why)
        for e in report.journal
    )
    return table(heads, rows, "Journal: every change of state, by the API server's clock")


def _change(report: Report) -> Markup:
    """The difference of the templates, and the whole new template."""
    lines = (
        element("span", f"{line}\n", class_=_side(line)) for line in report.difference.split("\n")
    )
    if report.difference:
        shown: Markup = element("pre", *lines, class_="diff", tabindex=0)
    else:
        said = "No previous template." if not report.source else "The templates are the same."
        shown = element("p", said if report.template else "The templates have been deleted.")
    if not report.template:
        return shown
    whole = element("pre", report.template, tabindex=0)
    return join(
        [shown, element("details", element("summary", "The whole template"), whole, class_="aside")]
    )


def _side(line: str) -> str | None:
    """The CSS class of a line of the diff: head, new, old, or None."""
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "new", "-": "old"}.get(line[:1])


def _footer(report: Report) -> Markup:
    said = (
        f"Written by kubectl cafe {report.version} at {moment(report.at)} from the CafeDeployment, "
        "its ControllerRevisions and its pods. Times are in whole seconds."
    )
    return element("footer", element("p", said))
