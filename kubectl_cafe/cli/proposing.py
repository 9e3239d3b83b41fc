"""The wanted state by the flags --image and -f, and the confirmation by the user."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing
from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.terminal.printing import say
from kubectl_cafe.hints import argument, kubectl

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.preflight.prepare import WantedState


def parse_images(
    _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """The images by container of the `--image CONTAINER=IMAGE` flags.

    Raises BadParameter (exit 2), which names the wrong container or value.
    """
    from kubectl_cafe.revisions.image import problem

    images: dict[str, str] = {}
    for value in values:
        name, equals, image = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r}: must be CONTAINER=IMAGE", param=param)
        if found := problem(image):
            raise click.BadParameter(f"container {name}: {found}", param=param)
        if name in images:
            raise click.BadParameter(f"container {name} is given twice", param=param)
        images[name] = image
    return images


image_option = click.option(
    "--image",
    "images",
    multiple=True,
    callback=parse_images,
    metavar="CONTAINER=IMAGE",
    help="The new image of a container; may be repeated. Default: the images of the spec.",
    shell_complete=completing.offer_image,
)


def wanted_of_file(
    connection: Connection,
    access: AccessFlags,
    name: str | None,
    file: str,
    images: Mapping[str, str],
    yes: bool,
    dry_run: DryRun,
) -> WantedState | None:
    """The wanted state of the CafeDeployment in a file.

    A CafeDeployment that does not exist yet is created, after a confirmation. None if it would be
    created, but this is a dry run.
    """
    from kubectl_cafe.cli.manifest import read
    from kubectl_cafe.preflight import prepare

    def agreed(trial: CafeDeployment) -> bool:
        _check_new(connection.transport, trial, file)
        if dry_run != "none":
            say(f"dry run ({dry_run}): {trial.where} would be created; nothing was written")
            return False
        ask(connection, trial, "create it and release it for the first time", yes)
        return True

    manifest = read(file, name, access.namespace)
    space = manifest["metadata"].get("namespace") or connection.namespace
    return prepare.wanted_of_file(connection.transport, space, manifest, images, agreed)


def _check_new(transport: Transport, trial: CafeDeployment, file: str) -> None:
    """Raise Refused for a CafeDeployment that can't be released, before it is created.

    There is no object to edit yet, so the hint names the file.
    """
    from kubectl_cafe.errors import Refused
    from kubectl_cafe.release import start

    try:
        start.check_new(transport, trial)
    except Refused as error:
        again = kubectl(f"cafe upgrade -f {argument(file)}", trial.namespace)
        error.hint = f"correct {file}, then " + again
        raise


def ask(connection: Connection, cafe: CafeDeployment, effect: str, yes: bool) -> None:
    """Print `effect` on `cafe` and ask for confirmation. Raises Refused if it is not confirmed."""
    from kubectl_cafe.cli.terminal.asking import Effect, ask

    shown = Effect(connection.context, cafe.namespace, f"cafedeployment/{cafe.name}", effect)
    ask(shown, yes=yes, stdin=sys.stdin, stderr=sys.stderr)
