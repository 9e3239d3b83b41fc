"""Elements of a page. All text that is not Markup is escaped, so no caller can forget it."""

from __future__ import annotations

import html
from collections.abc import Iterable

from kubectl_cafe.text import printable

VOID = frozenset({"meta"})
"""The elements used here that have no content and no end tag."""


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def escaped(text: object) -> Markup:
    """`text` escaped for HTML and without control characters; Markup as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(str(text))))


def join(parts: Iterable[object]) -> Markup:
    """The markup of all parts, one after the other."""
    return Markup("".join(escaped(part) for part in parts))


def element(name: str, /, *content: object, **attributes: object) -> Markup:
    """`<name attribute="...">content</name>`.

    An attribute that is None or False is left out, True is its bare name; underscores are
    hyphens (`aria_label`), one at the end is dropped (`class_`).
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(content)}</{name}>")


def table(heads: Iterable[object], rows: Iterable[Iterable[object]], caption: str = "") -> Markup:
    """A table with a header row, which scrolls by itself if the page is too narrow."""
    title = element("caption", caption) if caption else ""
    head = element("tr", *(element("th", cell, scope="col") for cell in heads))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    inner = element("table", title, element("thead", head), element("tbody", *body))
    return element("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escaped(value)}"'
