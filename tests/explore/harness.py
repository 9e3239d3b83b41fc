"""The product without threads, without chance, and without what no search can take out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch as patched

from kubectl_cafe.pods import record as pod_records
from statemachine import record_json
from tests.explore.world import Worlds


class Inline:
    """An executor that runs at once, in the caller's thread."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, call: Callable[..., Any], *rest: Any) -> Iterator[Any]:
        """As Executor.map."""
        return map(call, *rest)


class Ids:
    """Stands in for `secrets` where releases get their ids."""

    next = "1"

    def token_hex(self, _bytes: int) -> str:
        """The id that the step has chosen."""
        return self.next


@contextmanager
def product(worlds: Worlds) -> Iterator[None]:
    """The product, with what no search can have taken out: threads, chance, `.status`.

    `.status` is a projection that is never read back (protocol 4). Records are decoded once a
    text: the same text has the same record.
    """
    with ExitStack() as stack:
        for target, name, value in (
            ("kubectl_cafe.cache.cache", "parse", worlds.pods.parse),
            ("kubectl_cafe.driver.fencing", "ThreadPoolExecutor", Inline),
            ("kubectl_cafe.release.start", "secrets", Ids()),
            ("kubectl_cafe.driver.publisher", "status_subresource", NoStatus),
            ("kubectl_cafe.api.cafedeployment", "decode", cache(record_json.decode)),
            ("kubectl_cafe.pods.model", "decode", cache(pod_records.decode)),
        ):
            stack.enter_context(patched(f"{target}.{name}", value))
        yield


class NoStatus:
    """Stands in for the module `projection`."""

    @staticmethod
    def write(*_: object) -> None:
        """Nothing is written."""
