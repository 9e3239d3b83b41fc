"""Exec credential plugins, as shell scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def plugin(folder: Path, script: str) -> dict[str, Any]:
    """A kubeconfig's user whose exec plugin is this shell script; runs are counted in `runs`."""
    program = folder / "plugin"
    program.write_text(f"#!/bin/sh\necho run >> {folder}/runs\n{script}\n")
    program.chmod(0o755)
    version = "client.authentication.k8s.io/v1"
    return {"exec": {"command": str(program), "apiVersion": version}}


def token(value: str) -> str:
    """A shell command that answers as an exec plugin does."""
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": value}}
    return f"echo '{json.dumps(answer)}'"
