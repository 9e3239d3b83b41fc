"""The report's page: well-formed, self-contained, escaped, and it says how things stand."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from kubectl_cafe.history.report_model import Group, Mark, Passage, Phase, Report, Span, What
from kubectl_cafe.printers.html.document import document
from kubectl_cafe.printers.html.markup import Markup, element, escaped
from kubectl_cafe.printers.html.page import page
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry

T = 1_800_000_000.0
AT = "2027-01-15T08:00:00Z"
EVIL = "<script>alert('x')</script>\"&\x1b[31m\u202e"
SHOWN = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;[31m"


def way(pod: str, cell: str = "CellA", start: float = 0.0, **changes: Any) -> Passage:
    """A pod that was drained, restarted and let back in, from `start` seconds on."""
    at = T + start
    spans = (
        Span(What.DRAIN, at, at + 5),
        Span(What.RESTART, at + 5, at + 15),
        Span(What.VERIFY, at + 15, at + 18),
    )
    made = Passage(pod, cell, 1, "upgraded", at, at + 5, at + 15, at + 18, at + 18, spans=spans)
    return replace(made, **changes)


def report(**changes: Any) -> Report:
    """A release that has completed, of one group of two pods in two cells."""
    made = Report(
        name="shop",
        namespace="stores",
        id="r-1",
        kind="upgrade",
        outcome="Completed",
        at=T + 3600,
        started=T,
        ended=T + 60,
        who="alice",
        source="revision 1 (main=app:v1)",
        target="revision 2 (main=app:v2)",
        facts={"Pods": "2"},
        phases=(Phase("Out of traffic in total", 2, 18, 18),),
        states=(Span(What.RUNNING, T, T + 60, "Progressing"),),
        groups=(
            Group(1, "Group 1", T, T + 20, passages=(way("a"), way("b", "CellB", 2))),
            Group(2, "Group 2", counts={"CellA": 3}),
        ),
        marks=(Mark(T + 21, "group 2 confirmed by bob"),),
        journal=(Entry(AT, Trigger.START, State.PROGRESSING, "alice", "CHG-1", host="desk"),),
        difference="--- revision 1\n+++ revision 2\n-image: app:v1\n+image: app:v2",
        template="spec: {}\n",
        version="1.2.3",
    )
    return replace(made, **changes)


class Reader(HTMLParser):
    """Fails where an element is closed that is not open; collects what a browser would load."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def everything_evil() -> Report:
    """A report in which every text that the cluster may have said is an attack."""
    evil = {f.name: EVIL for f in fields(Report) if f.type == "str"}
    bad = way(EVIL, EVIL, stands=EVIL, trouble=EVIL, spans=(Span(What.TROUBLE, T, T + 1, EVIL),))
    return report(
        **evil,
        facts={EVIL: EVIL},
        phases=(Phase(EVIL, 1, 1, 1),),
        states=(Span(What.RUNNING, T, T + 9, EVIL),),
        groups=(Group(1, EVIL, T, T + 9, EVIL, {EVIL: 1}, (bad,)),),
        marks=(Mark(T, EVIL, bad=True),),
        journal=(Entry(AT, Trigger.FAIL, State.FAILED, EVIL, EVIL, 1, EVIL),),
        unknown=(EVIL,),
    )


STATES = {
    "completed": report(),
    "rolled back": report(outcome="RolledBack", kind="rollback"),
    "failed": report(outcome="Failed", ended=0.0, failure="a/main: ErrImagePull: no such tag"),
    "aborted": report(outcome="Aborted"),
    "superseded": report(outcome="Superseded"),
    "under way": report(outcome="AwaitingConfirm", ended=0.0),
    "a first release": report(kind="create", source="", difference=""),
    "hardly known": report(groups=(), states=(), marks=(), journal=(), facts={}, phases=()),
    "all evil": everything_evil(),
    "no template": report(template="", difference=""),
    "as it starts": report(at=T, ended=0.0, groups=(Group(1, "Group 1", T),)),
}


@pytest.mark.parametrize("shown", STATES.values(), ids=STATES)
def test_the_page_is_well_formed_and_its_links_lead_somewhere(shown: Report) -> None:
    read = Reader(page(shown))
    targets = {value.removeprefix("#") for _, name, value in read.attributes if name == "href"}
    assert targets <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))


@pytest.mark.parametrize("shown", STATES.values(), ids=STATES)
def test_the_page_loads_nothing(shown: Report) -> None:
    text = page(shown)
    read = Reader(text)
    loading = {"src", "srcset", "data", "action", "poster", "xlink:href", "background"}
    assert not [found for found in read.attributes if found[1] in loading]
    assert all(value.startswith("#") for _, name, value in read.attributes if name == "href")
    assert not re.search(r"https?://|url\(|@import|<(script|link|img|iframe|object)\b", text)


def test_the_page_forbids_itself_to_load_anything() -> None:
    policies = [v for tag, name, v in Reader(page(report())).attributes if name == "content"]
    assert any(v.startswith("default-src 'none'") for v in policies)


def test_every_text_of_the_cluster_is_escaped() -> None:
    text = page(everything_evil())
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert SHOWN in text


def test_markup_is_escaped_once() -> None:
    assert element("p", element("b", "<")) == "<p><b>&lt;</b></p>"
    assert escaped(Markup("<b>")) == "<b>"


def test_an_attribute_can_not_be_left_by_a_quote() -> None:
    assert element("p", title='"><i>') == '<p title="&quot;&gt;&lt;i&gt;"></p>'


def test_every_pod_stands_in_the_drawing_and_in_the_table() -> None:
    text = page(report())
    for pod in ("a", "b"):
        assert f'<span class="name" title="{pod}">{pod}</span>' in text
        assert f"<td>{pod}</td>" in text


def test_a_release_under_way_says_so_and_when_that_was() -> None:
    text = page(report(outcome="AwaitingConfirm", ended=0.0))
    assert "under way, as of 2027-01-15 09:00:00 UTC" in text
    assert "<dt>Ended</dt>" not in text


def test_a_release_that_is_over_is_not_said_to_be_under_way() -> None:
    assert "under way" not in page(report(groups=()))


def test_a_failure_is_told() -> None:
    assert "a/main: ErrImagePull: no such tag" in page(STATES["failed"])


def test_what_is_not_known_is_said() -> None:
    assert "<li>nobody knows</li>" in page(report(unknown=("nobody knows",)))
    assert "Missing data" not in page(report())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"over": 0.0}, "2 pods, 08:00:00, under way"),
        ({"over": 0.0, "given_up": True}, "2 pods, 08:00:00, abandoned"),
        ({"passages": ()}, "no pod data, 08:00:00, 20s"),
        ({"counts": {"CellA": 4}}, "2 of 4 pods, 08:00:00, 20s"),
        ({"let_go": "confirmed by bob"}, "2 pods, 08:00:00, 20s, confirmed by bob"),
    ],
    ids=["under way", "given up", "nothing known", "some known", "confirmed"],
)
def test_a_group_says_how_many_when_and_by_whom(changes: dict[str, Any], said: str) -> None:
    group = replace(report().groups[0], **changes)
    assert f"<small>{said}</small>" in page(report(groups=(group,)))


@pytest.mark.parametrize("what", What)
def test_every_colour_of_a_bar_is_in_the_legend_and_in_the_stylesheet(what: What) -> None:
    text = page(report(states=(Span(what, T, T + 1),)))
    assert f'<span class="key {what.name.lower()}"></span>{what.value}' in text
    assert f".{what.name.lower()}" in text.partition("</style>")[0]


def test_a_group_that_has_not_begun_is_shown_as_such() -> None:
    assert "3 pods, not started" in page(report())


def test_the_lines_of_the_difference_say_which_side_they_are_of() -> None:
    text = page(report())
    assert '<span class="old">-image: app:v1\n</span>' in text
    assert '<span class="new">+image: app:v2\n</span>' in text
    assert '<span class="head">--- revision 1\n</span>' in text


def test_a_few_pods_are_shown_at_once_and_many_are_folded() -> None:
    many = Group(1, "Group 1", T, passages=tuple(way(f"p{n}") for n in range(41)))
    assert "<details open>" in page(report())
    assert "<details open>" not in page(report(groups=(many,)))


def test_each_pod_is_a_stripe_of_its_cells_strip() -> None:
    pods = tuple(way(f"p{n}", start=n) for n in range(3))
    text = page(report(groups=(Group(1, "Group 1", T, passages=pods),)))
    assert 'viewBox="0 0 1000 3"' in text
    assert text.count('y="2"') == len(pods[2].spans)


def test_a_column_of_which_nothing_is_known_is_left_out() -> None:
    assert '<th scope="col">Created</th>' not in page(report())
    born = Group(1, "Group 1", T, passages=(way("a", born=T),))
    assert '<th scope="col">Created</th>' in page(report(groups=(born,)))


def test_a_time_on_another_day_than_the_start_says_which() -> None:
    late = Mark(T + 86_400, "resumed by bob")
    text = page(report(ended=T + 90_000, marks=(late,)))
    assert "<time>01-16 08:00:00</time>" in text
    assert "<time>08:00:21</time>" in page(report())


def test_the_document_is_versioned_and_goes_through_json_and_yaml() -> None:
    plain = document(report())
    assert (plain["apiVersion"], plain["kind"]) == ("cafe.sofastack.io/v1", "ReleaseReport")
    assert json.loads(json.dumps(plain)) == yaml.safe_load(yaml.safe_dump(plain))


def test_a_page_of_five_hundred_pods_stays_below_a_megabyte() -> None:
    pods = tuple(way(f"productpage-cella-{n:05}", start=n / 10) for n in range(500))
    assert len(page(report(groups=(Group(1, "Group 1", T, passages=pods),)))) < 1_000_000
