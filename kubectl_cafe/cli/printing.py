"""Data on stdout, in the formats that machines read."""

from __future__ import annotations

import json
from typing import Any

import click


def print_data(value: Any, output: str) -> None:
    """Print `value` (dicts, lists, scalars) as `json` or `yaml`, keys in their own order."""
    if output == "json":
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    from kubectl_cafe import yamls

    click.echo(yamls.dump(value), nl=False)


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
