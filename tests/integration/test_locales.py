"""The plugin's process in locales that can't write what is in the cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

import pytest

from testbed.plugin import Outcome
from tests.integration.shop import NAME, Shop

REASON = "M\u00fcller: \u65e5\u672c \U0001f600 \u2026\nFailure:     no, not at all\u2028Next: rm"
LOCALES: Mapping[str, Mapping[str, str]] = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C"},
    "C without UTF-8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
READING = [
    ("status", NAME),
    ("status", NAME, "-o", "wide"),
    ("status", NAME, "-o", "json"),
    ("status", NAME, "-o", "yaml"),
    ("status",),
    ("history", NAME),
    ("history", NAME, "--revision", "1"),
    ("history", NAME, "-o", "json"),
    ("plan", NAME),
    ("report", NAME),
]


def read(shop: Shop, env: Mapping[str, str], args: tuple[str, ...]) -> Outcome:
    return replace(shop.cafe, env=env)(*args)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reading_verb_shows_a_reason_that_the_locale_can_t_write(
    shop: Shop, locale: str
) -> None:
    shop.make(1, "none", needWaitingForConfirm=False)
    assert shop.upgrade("", "--reason", REASON).code == 0

    ended = {" ".join(args): read(shop, LOCALES[locale], args) for args in READING}

    assert {args: done.code for args, done in ended.items()} == dict.fromkeys(ended, 0)
    assert "bug" not in "".join(done.err for done in ended.values())
    for args in (f"status {NAME}", f"history {NAME}", f"history {NAME} --revision 1"):
        lines = ended[args].out.splitlines()
        assert [line for line in lines if line.lstrip().startswith(("Failure:", "Next: rm"))] == []
    assert ended[f"status {NAME} -o json"].document()["why"] == REASON
    assert '<meta charset="utf-8">' in ended[f"report {NAME}"].out
    assert "\u65e5\u672c" in ended[f"report {NAME}"].out


@pytest.mark.parametrize(
    "args",
    [("pause", NAME, "--reason"), ("upgrade", NAME, "--yes", "--reason"), ("drive",)],
    ids=lambda args: args[0],
)
def test_bytes_that_are_no_text_are_refused_before_anything_is_written(
    shop: Shop, args: tuple[str, ...]
) -> None:
    shop.make(1, "none")

    done = shop.cafe(*args, os.fsdecode(b"caf\xe9"))

    assert done.code == 2
    assert 'argument "caf\\udce9" is not valid UTF-8' in done.err
    assert shop.writes() == []
    assert shop.record() == {}
