"""`report` after, and in the middle of, real releases."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.integration.shop import CELL, NAME, TWO_CELLS, Shop, name


class Tables(HTMLParser):
    """The rows of every table, the header first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data


def timeline(page: str) -> list[dict[str, str]]:
    """The timeline's table."""
    found = next(table for table in Tables(page).tables if "Pod" in table[0])
    return [dict(zip(found[0], row, strict=True)) for row in found[1:]]


def told(shop: Shop, *more: str) -> Any:
    """The report as data."""
    done = shop.cafe("report", NAME, "-o", "json", *more)
    assert done.code == 0, done.err
    return done.document()


def test_the_report_names_every_pod_of_every_cell_and_group_in_order_of_time(shop: Shop) -> None:
    pods = shop.born(6, cells=TWO_CELLS, batchSize=2)
    assert shop.upgrade("app:v2", "--reason", "CHG-1").code == 0

    done = shop.cafe("report", NAME)

    assert done.code == 0, done.err
    rows = timeline(done.out)
    assert {(row["Pod"], row["Cell"]) for row in rows} == {
        (name(pod), pod["metadata"]["labels"][CELL]) for pod in pods
    }
    assert [row["Group"] for row in rows] == [f"Group {n}" for n in (1, 1, 2, 2, 3, 3)]
    assert [row["Traffic off"] for row in rows] == sorted(row["Traffic off"] for row in rows)
    for row in rows:
        way = [row[head] for head in ("Traffic off", "Image written", "Traffic on")]
        assert "-" not in way
        assert way == sorted(way)
    assert "CHG-1" in done.out


def test_the_report_counts_three_writes_a_pod_and_changes_nothing(shop: Shop) -> None:
    shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    before = len(shop.writes())

    release = told(shop)

    assert release["facts"]["Writes a pod"] == "3.00"
    assert release["unknown"] == []
    assert len(shop.writes()) == before


def test_a_pod_without_a_switch_is_told_from_its_one_write(shop: Shop) -> None:
    shop.born(2, "none")
    assert shop.upgrade("app:v2").code == 0

    release = told(shop)

    passages = [passage for group in release["groups"] for passage in group["passages"]]
    assert [passage["stands"] for passage in passages] == ["upgraded", "upgraded"]
    assert release["facts"]["Writes a pod"] == "1.00"


def test_a_release_that_waits_is_reported_as_it_stands(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3

    release, page = told(shop), shop.cafe("report", NAME).out

    assert (release["outcome"], release["ended"]) == ("AwaitingConfirm", "")
    assert [len(group["passages"]) for group in release["groups"]] == [1, 0]
    assert "under way, as of" in page
    assert "1 pod, not started" in page


def test_an_older_release_says_that_the_pods_records_were_written_over(shop: Shop) -> None:
    shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    assert shop.upgrade("app:v3").code == 0

    release = told(shop, "--revision", "2")

    assert release["unknown"][0].startswith("No pod has data of this release any more")
    assert release["journal"][0]["trigger"] == "start"


def test_a_file_that_is_there_is_not_overwritten_without_a_yes(shop: Shop, tmp_path: Path) -> None:
    shop.born(1)
    file = tmp_path / "release.html"
    file.write_text("somebody's")

    refused = shop.cafe("report", NAME, "--output-file", str(file))
    kept = file.read_text()
    done = shop.cafe("report", NAME, "--output-file", str(file), "--yes")

    assert (refused.code, kept) == (7, "somebody's")
    assert (done.code, done.out) == (0, "")
    assert file.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_can_not_be_written_is_an_error_that_names_it(
    shop: Shop, tmp_path: Path
) -> None:
    shop.born(1)

    done = shop.cafe("report", NAME, "--output-file", str(tmp_path / "none" / "release.html"))

    assert done.code == 1
    assert f"where: {tmp_path}/none/release.html" in done.err


def test_a_cafedeployment_without_a_release_has_nothing_to_report(shop: Shop) -> None:
    shop.make()

    done = shop.cafe("report", NAME)

    assert (done.code, done.out) == (1, "")
    assert "has no release yet" in done.err
