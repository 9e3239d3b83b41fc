"""docs/fields.md: every field of a CafeDeployment, from the resource's own schema.

What the schema has no word for stands at the end of a field's description, in this order, so that
`kubectl explain` says it as well: `This version ...`, `Unit: ...`, `Example: ...`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.manifests import manifests

Json = Mapping[str, Any]
STANDARD = ("apiVersion", "kind", "metadata")
"""The API server describes these itself, whatever a schema says of them."""
_DESCRIPTION = re.compile(
    r"(?P<what>.*?)(?: (?P<version>This version .*?))?"
    r"(?: Unit: (?P<unit>[^.]*)\.)?(?: Example: (?P<example>.*)\.)?",
    re.DOTALL,
)
_COMPUTED = re.compile(r"' \+ [^']+ \+ '|' \+ .+$")
"""What a message has of the object, between its own words."""
_WRAPPING: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
WIDTH = 100
EXAMPLE = """apiVersion: apps.cafe.cloud.alipay.com/v1alpha1
kind: CafeDeployment
metadata:
  name: productpage
spec:
  replicas: 10
  selector:
    matchLabels:
      app: productpage
  strategy:
    upgradeType: Beta
    batchSize: 4
    needWaitingForConfirm: true
    maxUnavailable: 25%
    minReadySeconds: 30
    drainSeconds: 15
    progressDeadlineSeconds: 600
  topology:
    unitType: Cell
    values: [CellA, CellB]
  template:
    metadata:
      labels:
        app: productpage
        cafe.sofastack.io/traffic: "on"
    spec:
      containers:
        - name: productpage
          image: registry.example/productpage:v1
"""
"""The one that the page begins with."""
_INTRODUCTION = f"""# The fields of a CafeDeployment

Generated from the schema that `kubectl cafe init` installs. In a terminal
`kubectl explain cafed.spec.strategy` says the same; `--recursive` lists every field below.

- **Allowed** and **Rule**: what the API server checks when the object is applied. A rule is
  shown by the message of its refusal.
- **In this version**: what the API server accepts and `plan` and `upgrade` refuse (exit code 7),
  or what has no effect yet.
- **Default**: what the API server fills in where the field is absent.

A CafeDeployment of ten pods in two cells; [examples/](../examples/) has more:

```yaml
{EXAMPLE}```

One rule is about the object itself:
"""


@dataclass(frozen=True)
class Field:
    """One field; `required` is said by the object around it."""

    path: str
    schema: Json
    required: bool

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2].removesuffix("[]")

    @property
    def description(self) -> str:
        """The whole description, in one line."""
        return " ".join(str(self.schema.get("description", "")).split())

    def told(self, part: str) -> str:
        """A part of the description: what, version, unit or example; "" where it is not there."""
        found = _DESCRIPTION.fullmatch(self.description)
        return (found[part] or "") if found else ""


def schema() -> Json:
    """The schema of a CafeDeployment."""
    (crd,) = manifests(rbac=False)
    (version,) = crd["spec"]["versions"]
    found: Json = version["schema"]["openAPIV3Schema"]
    return found


def fields() -> list[Field]:
    """All of them, each behind the object that it belongs to, as the schema orders them."""
    return list(_below(schema(), ""))


def page() -> str:
    """The text of docs/fields.md."""
    shown = fields()
    rules = [f"- **Rule**: {rule}" for rule in _rules(schema())]
    index = ["| field | type | default |", "|---|---|---|"]
    index += (f"| {_link(one)} | {_type(one)} | {_default(one)} |" for one in shown)
    sections = (line for one in shown for line in _section(one))
    whole = (line for rule in rules for line in _wrapped(rule))
    return "\n".join([_INTRODUCTION, *whole, "", *index, "", *sections])


def _below(of: Json, path: str) -> Iterator[Field]:
    """The fields of an object, or of the items of a list."""
    required = of.get("required") or ()
    for name, under in (of.get("properties") or {}).items():
        if not path and name in STANDARD:
            continue
        one = Field(f"{path}.{name}".lstrip("."), under, name in required)
        yield one
        yield from _below(under, one.path)
        yield from _below(under.get("items") or {}, f"{one.path}[]")


def _section(one: Field) -> Iterator[str]:
    yield from (f"## {one.path}", "", *_wrapped(one.told("what"), ""), "")
    facts = [
        ("Type", _type(one) + (", required" if one.required else "")),
        ("Default", _default(one)),
        ("Unit", one.told("unit")),
        ("Allowed", "; ".join(_allowed(one.schema))),
        *(("Rule", rule) for rule in _rules(one.schema)),
        ("In this version", one.told("version").removeprefix("This version ")),
    ]
    for name, said in facts:
        if said:
            yield from _wrapped(f"- **{name}**: {said}")
    if example := _example(one):
        yield f"- **Example**: {example}"
    yield ""


def _wrapped(line: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, **_WRAPPING)


def _example(one: Field) -> str:
    given = one.told("example")
    words = not given or given.startswith(("none", "see "))
    return given if words else f"`{one.name}: {given}`"


def _type(one: Field) -> str:
    of = one.schema
    if of.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if of["type"] == "array":
        return f"list of {_plural(of['items'])}"
    if of["type"] == "object" and "additionalProperties" in of:
        return f"map of {_plural(of['additionalProperties'])}"
    return str(of["type"])


def _plural(of: Json) -> str:
    return "integers or strings" if of.get("x-kubernetes-int-or-string") else f"{of['type']}s"


def _default(one: Field) -> str:
    if "default" not in one.schema:
        return ""
    value = one.schema["default"]
    if isinstance(value, Mapping):
        return "`{" + ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items()) + "}`"
    return f"`{_plain(value)}`"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _allowed(of: Json) -> Iterator[str]:
    """What the API server lets through, in words."""
    if of.get("enum"):
        yield ", ".join(f"`{value}`" for value in of["enum"])
    yield from _bounds(of, "minimum", "maximum", "")
    if of.get("x-kubernetes-list-type") == "set":
        yield "each value once"
    for least, most, what in (
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " keys"),
        ("minLength", "maxLength", " characters"),
    ):
        if not of.get("x-kubernetes-int-or-string"):
            yield from _bounds(of, least, most, what)
    for inner in filter(None, (of.get("items"), of.get("additionalProperties"))):
        rules = "; ".join(_allowed(inner))
        if rules and "properties" not in inner:
            yield f"each: {rules}"
    if of.get("pattern"):
        yield f"matches `{of['pattern']}`"


def _rules(of: Json) -> Iterator[str]:
    """The rules in CEL, by the field that each is about and the message of its refusal."""
    for rule in (*of.get("x-kubernetes-validations", ()), *_inner(of)):
        said = rule.get("message") or _COMPUTED.sub("...", rule["messageExpression"])
        field = rule.get("fieldPath", "").lstrip(".")
        yield (f"`{field}`: " if field else "") + " ".join(said.split()).strip("'")


def _inner(of: Json) -> Iterator[Json]:
    """The rules of each value of a map."""
    yield from (of.get("additionalProperties") or {}).get("x-kubernetes-validations") or ()


def _bounds(of: Json, least: str, most: str, what: str) -> Iterator[str]:
    if least in of and most in of:
        yield f"{of[least]} to {of[most]}{what}"
    elif most in of:
        yield f"at most {of[most]}{what}"
    elif least in of:
        yield f"at least {of[least]}{what.removesuffix('s') if of[least] == 1 else what}"


def _link(one: Field) -> str:
    """To its section, by what the sites that show Markdown make of a heading."""
    return f"[{one.path}](#{re.sub(r'[^a-z0-9-]', '', one.path.lower())})"
