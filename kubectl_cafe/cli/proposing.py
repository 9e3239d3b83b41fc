"""From flags to a proposal: what `plan` prints and `upgrade` asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cli.session import Session
    from kubectl_cafe.planning.plan import PlanView
    from kubectl_cafe.planning.proposal import Around
    from kubectl_cafe.preflight.evidence import Case, Evidence


def parse_images(
    _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """`--image CONTAINER=IMAGE`, repeated: a mistake is named with its place (exit 2)."""
    from kubectl_cafe.revisions.image import problem

    images: dict[str, str] = {}
    for value in values:
        name, equals, image = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r}: want CONTAINER=IMAGE", param=param)
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
    help="The new image of a container; may be repeated. None: release the spec as it is.",
    shell_complete=completing.offer_image,
)


def look_into(session: Session, case: Case, *, thorough: bool) -> Evidence:
    """What the API server says of the release before it begins; of one that is none, nothing."""
    from kubectl_cafe.preflight import read
    from kubectl_cafe.preflight.evidence import Evidence

    if not case.proposal.needed:
        return Evidence()
    return read.read(session.transport, case, thorough=thorough)


def plan_back(
    session: Session, cafe: CafeDeployment, around: Around, fast: bool, number: int
) -> PlanView:
    """The plan of a rollback; the server is asked nothing more: it may be an emergency."""
    from kubectl_cafe.planning import rollback_plan
    from kubectl_cafe.preflight import dry_runs, plan_document
    from kubectl_cafe.release import wanted_spec

    way = rollback_plan.way(cafe, around, fast, number)
    proposed = rollback_plan.proposal(cafe, around, way)
    wished = wanted_spec.with_spec(cafe, {**cafe.spec, "template": way.target.template})
    case = dry_runs.case(cafe, wished, around, proposed, session.transport.server_time())
    return plan_document.plan_of(case, proposed.notes, session.context)
