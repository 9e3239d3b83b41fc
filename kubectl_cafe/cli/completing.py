"""What could stand at the cursor when somebody presses Tab behind `kubectl cafe`.

kubectl (1.26 and later) runs an executable called `kubectl_complete-cafe` with the words typed so
far. It prints a candidate a line, a tab, a word about it, and at last a directive of cobra's
(kubernetes/kubectl, pkg/cmd/plugin/plugin_completion.go).

kubectl is asked for names from the cluster and the kubeconfig: it answers in 50 ms where loading
a client takes five times that, and it reads kubeconfig and credentials as the command itself
will. Whatever goes wrong, nothing is offered and nothing is said: somebody is typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, ShellComplete

from kubectl_cafe import names
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

Completer = Callable[[click.Context, click.Parameter, str], list["CompletionItem[str]"]]
Offers = Iterable[tuple[str, str]]
"""Values, each with a word about it."""
Finder = Callable[[click.Context], Offers]

COMPLETER = "kubectl_complete-cafe"
"""The name by which kubectl calls for candidates."""
NO_SPACE, NO_FILES = 2, 4
"""Bits of the directive: nothing is put behind the word; file names are no candidates."""
PATIENCE = 1.0
"""Seconds after which an API server that has not answered is as good as none."""
UNHEARD = {"as_user_extra", "request_timeout", "verbosity"}
REACHING = {field.name for field in fields(AccessFlags)} - UNHEARD
"""The flags typed so far that kubectl is to hear as well, by our names for them."""


def complete(root: click.Command, program: str, words: Sequence[str]) -> str:
    """The candidates for the last of `words`, as kubectl reads them; it never fails."""
    *before, incomplete = words or ("",)
    try:
        found = ShellComplete(root, {}, program, "").get_completions(before, incomplete)
    except Exception:  # Somebody is typing: a mistake in what is there already is no news.
        found = []
    return _answer(found)


def _answer(found: Sequence[CompletionItem[str]]) -> str:
    named = [item for item in found if item.type == "plain"]
    directive = 0 if len(named) < len(found) else NO_FILES
    if any(item.value.endswith("=") for item in named):
        directive |= NO_SPACE
    shown = [f"{item.value}\t{item.help}" if item.help else item.value for item in named]
    return "".join(f"{line}\n" for line in (*shown, f":{directive}"))


# What there is to offer


def cafedeployments(ctx: click.Context) -> Offers:
    """The CafeDeployments of the namespace, each with its state."""
    for item in _objects(ctx, names.CRD):
        yield item["metadata"]["name"], (item.get("status") or {}).get("state", "Idle")


def namespaces(ctx: click.Context) -> Offers:
    """The cluster's namespaces."""
    for item in _objects(ctx, "namespaces"):
        yield item["metadata"]["name"], ""


def contexts(ctx: click.Context) -> Offers:
    """The kubeconfig's contexts."""
    return _lines(_kubectl(ctx, "config", "get-contexts", "-o", "name"))


def clusters(ctx: click.Context) -> Offers:
    """The kubeconfig's clusters."""
    return _lines(_kubectl(ctx, "config", "get-clusters"))


def users(ctx: click.Context) -> Offers:
    """The kubeconfig's users."""
    return _lines(_kubectl(ctx, "config", "get-users"))


def revisions(ctx: click.Context) -> Offers:
    """The revisions of the CafeDeployment that was typed, the newest first, with their images."""
    selector = f"{names.PREFIX}/name={_name(ctx)}"
    found = _objects(ctx, "controllerrevisions.apps", "-l", selector)
    for item in sorted(found, key=lambda item: -item["revision"]):
        yield str(item["revision"]), ", ".join(image for _, image in _images(item["data"]))


def containers(ctx: click.Context) -> Offers:
    """CONTAINER= for each container of the CafeDeployment that was typed."""
    found = (pair for item in _typed(ctx) for pair in _images(item["spec"]))
    return ((f"{name}=", image) for name, image in found)


def images(ctx: click.Context) -> Offers:
    """CONTAINER=IMAGE with the present image of each: it is mostly the tag that changes."""
    return (
        (f"{name}={image}", "") for item in _typed(ctx) for name, image in _images(item["spec"])
    )


def waiting_group(ctx: click.Context) -> Offers:
    """The group that waits for a confirmation."""
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from statemachine.lifecycle import State

    for item in _typed(ctx):
        record = CafeDeployment(item).record
        if record is not None and record.state is State.AWAITING_CONFIRM:
            yield str(record.waiting_group), "waits for a confirmation"


def offer(find: Finder) -> Completer:
    """`find` as click wants it: what begins as the word at the cursor does."""

    def complete(
        ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [
            CompletionItem(value, help=printable(word))
            for value, word in find(ctx)
            if value.startswith(incomplete)
        ]

    return complete


def offer_image(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """First the container, then its image."""
    return offer(images if "=" in incomplete else containers)(ctx, param, incomplete)


def offer_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """File names, which the shell knows best."""
    return [CompletionItem(incomplete, type="file")]


# Asking kubectl


def _kubectl(ctx: click.Context, *args: str) -> str:
    """What kubectl prints; empty where it is missing, fails or takes too long."""
    import subprocess

    command = ["kubectl", *args, *_reaching(ctx)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _reaching(ctx: click.Context) -> Iterator[str]:
    """The flags of the command line that say which cluster, and as whom."""
    for param in ctx.command.params:
        if param.name not in REACHING:
            continue
        value = ctx.params.get(param.name)
        flag = next(opt for opt in param.opts if opt.startswith("--"))
        if isinstance(value, tuple):
            yield from (f"{flag}={one}" for one in value)
        elif value not in (None, False):
            yield f"{flag}={'true' if value is True else value}"


def _get(ctx: click.Context, *what: str) -> Any:
    """What `kubectl get` answers, an object or a List; None where there is no answer."""
    import json

    text = _kubectl(ctx, "get", *what, "-o", "json")
    return json.loads(text) if text else None


def _objects(ctx: click.Context, *what: str) -> list[Any]:
    found = _get(ctx, *what)
    return found["items"] if found else []


def _typed(ctx: click.Context) -> list[Any]:
    """The CafeDeployment whose name has been typed, if it is there."""
    name = _name(ctx)
    found = _get(ctx, names.CRD, name) if name else None
    return [found] if found else []


def _name(ctx: click.Context) -> str | None:
    """The NAME that was typed.

    An option whose value is still to come ends click's parsing before it reaches the arguments:
    the words are parsed once more without it.
    """
    words = ctx.find_root().args
    if words and words[-1].startswith("-"):
        words = words[:-1]
    parsed = ctx.command.make_context(ctx.info_name, list(words), resilient_parsing=True)
    name = parsed.params.get("name")
    return name if isinstance(name, str) else None


def _images(holder: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Container and image of the template in a spec, or in a ControllerRevision's data."""
    from kubectl_cafe.revisions.template import images

    return images(holder["template"]).items()


def _lines(text: str) -> Offers:
    return ((line, "") for line in text.splitlines() if line != "NAME")
