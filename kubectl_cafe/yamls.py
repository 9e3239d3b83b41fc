"""YAML in and out, by libyaml where PyYAML was built with it: some ten times as fast."""

from __future__ import annotations

from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
YAMLError = yaml.YAMLError


def load(text: str) -> Any:
    """The one document of `text`; raises YAMLError."""
    return yaml.load(text, Loader=_Loader)


def load_all(text: str) -> list[Any]:
    """The documents of `text`, without empty ones; raises YAMLError."""
    return [item for item in yaml.load_all(text, Loader=_Loader) if item is not None]


def dump(value: object, *, sort_keys: bool = False) -> str:
    """`value` (dicts, lists, scalars) as a document; long lines are not folded."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, width=1_000_000
    )
    return text
