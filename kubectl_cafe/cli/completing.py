"""Shell completion: the candidates at the cursor behind `kubectl cafe`.

kubectl (1.26 and later) runs an executable called `kubectl_complete-cafe` with the words typed so
far. It prints one candidate per line, followed by a tab and a description, and at last a directive
of cobra's (kubernetes/kubectl, pkg/cmd/plugin/plugin_completion.go).

Names from the cluster and the kubeconfig are requested by kubectl: it answers in 50 ms, loading our
client takes five times that, and kubectl reads kubeconfig and credentials in the same way. If
anything fails, there are no candidates and no message, since the user is typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
"""Values, each with a short description."""
Finder = Callable[[click.Context], Offers]

COMPLETER = "kubectl_complete-cafe"
"""The name of the executable that kubectl runs to complete an argument of the plugin."""
NO_SPACE, NO_FILES = 2, 4
"""Bits of the directive: no space is added after the word; file names are no candidates."""
PATIENCE = 1.0
"""Seconds to wait for kubectl, including its request to the API server."""
UNHEARD = {"as_user_extra", "request_timeout", "verbosity"}
REACHING = set(AccessFlags._fields) - UNHEARD
"""The flags typed so far that are passed on to kubectl, by their names in AccessFlags."""


def complete(root: click.Command, program: str, words: Sequence[str]) -> str:
    """The candidates for the last of `words`, in the format that kubectl reads; never raises."""
    *before, incomplete = words or ("",)
    try:
        found = ShellComplete(root, {}, program, "").get_completions(before, incomplete)
    except Exception:  # The user is typing: a mistake in the words so far is not reported here.
        found = []
    return _answer(found)


def _answer(found: Sequence[CompletionItem[str]]) -> str:
    named = [item for item in found if item.type == "plain"]
    directive = 0 if len(named) < len(found) else NO_FILES
    if any(item.value.endswith("=") for item in named):
        directive |= NO_SPACE
    shown = [f"{item.value}\t{item.help}" if item.help else item.value for item in named]
    return "".join(f"{line}\n" for line in (*shown, f":{directive}"))


# The candidates


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
    """The revisions of the CafeDeployment on the command line, newest first, with their images."""
    selector = f"{names.PREFIX}/name={_name(ctx)}"
    found = _objects(ctx, "controllerrevisions.apps", "-l", selector)
    for item in sorted(found, key=lambda item: -item["revision"]):
        yield str(item["revision"]), ", ".join(image for _, image in _images(item["data"]))


def containers(ctx: click.Context) -> Offers:
    """`CONTAINER=` for each container of the CafeDeployment on the command line."""
    found = (pair for item in _typed(ctx) for pair in _images(item["spec"]))
    return ((f"{name}=", image) for name, image in found)


def images(ctx: click.Context) -> Offers:
    """`CONTAINER=IMAGE` with the present image of each container: mostly only the tag changes."""
    return (
        (f"{name}={image}", "") for item in _typed(ctx) for name, image in _images(item["spec"])
    )


def waiting_group(ctx: click.Context) -> Offers:
    """The group that waits for a confirmation, of the CafeDeployment on the command line."""
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from statemachine.lifecycle import State

    for item in _typed(ctx):
        record = CafeDeployment(item).record
        if record is not None and record.state is State.AWAITING_CONFIRM:
            yield str(record.waiting_group), "waits for a confirmation"


def offer(find: Finder) -> Completer:
    """A completer for click: the values of `find` that begin with the text typed so far."""

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
    """Complete the container first, then its image."""
    return offer(images if "=" in incomplete else containers)(ctx, param, incomplete)


def offer_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Leave file names to the shell."""
    return [CompletionItem(incomplete, type="file")]


# Requests through kubectl


def _kubectl(ctx: click.Context, *args: str) -> str:
    """The output of kubectl; empty if it is missing, fails or takes too long."""
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
    """The typed flags that select the cluster and the user."""
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
    """The answer of `kubectl get`, an object or a List; None if there is none."""
    import json

    text = _kubectl(ctx, "get", *what, "-o", "json")
    return json.loads(text) if text else None


def _objects(ctx: click.Context, *what: str) -> list[Any]:
    found = _get(ctx, *what)
    return found["items"] if found else []


def _typed(ctx: click.Context) -> list[Any]:
    """The CafeDeployment whose name was typed, as a list; empty if there is none."""
    name = _name(ctx)
    found = _get(ctx, names.CRD, name) if name else None
    return [found] if found else []


def _name(ctx: click.Context) -> str | None:
    """The NAME on the command line; None if there is none.

    An option whose value is still missing ends click's parsing before the arguments are reached. So
    the words are parsed once more without that option.
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
