"""From flags to a proposal: what `plan` prints and `upgrade` asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing

if TYPE_CHECKING:
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.proposal import Around, Proposal


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


def show(cafe: CafeDeployment, around: Around, proposal: Proposal, context: str) -> str:
    """The plan as text."""
    from kubectl_cafe.engine.members import members
    from kubectl_cafe.views.plan import PlanView, render

    diff = proposal.difference
    changes = [
        *((f"image of {name}", old, new) for name, (old, new) in diff.images.items()),
        *((f"label {key}", old or "", new or "") for key, (old, new) in diff.labels.items()),
        *((f"annotation {k}", old or "", new or "") for k, (old, new) in diff.annotations.items()),
    ]
    strategy = proposal.plan.strategy
    return render(
        PlanView(
            name=cafe.name,
            namespace=cafe.namespace,
            context=context,
            kind=str(proposal.kind),
            needed=proposal.needed,
            changes=changes,
            steps=proposal.steps,
            members=members(proposal, around),
            confirmations=strategy.need_waiting_for_confirm,
            max_unavailable=str(strategy.max_unavailable),
            budgets=[str(budget) for budget in proposal.budgets],
            warnings=proposal.warnings,
        )
    )
