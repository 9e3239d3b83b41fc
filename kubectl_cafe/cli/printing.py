"""Data on stdout, in the formats that machines read."""

from __future__ import annotations

import json
from typing import Any

import click


def rendered(value: Any, output: str) -> str:
    """`value` (dicts, lists, scalars) as `json` or `yaml`, keys in their own order."""
    if output == "json":
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


def print_data(value: Any, output: str) -> None:
    """Print `value` as `json` or `yaml`."""
    click.echo(rendered(value, output), nl=False)


def print_objects(objects: list[dict[str, Any]], output: str) -> None:
    """Print Kubernetes objects: json one List (one object bare), yaml a document each."""
    if output == "json":
        many = {"apiVersion": "v1", "kind": "List", "items": objects}
        print_data(objects[0] if len(objects) == 1 else many, output)
        return
    for place, item in enumerate(objects):
        if place:
            click.echo("---")
        print_data(item, output)
