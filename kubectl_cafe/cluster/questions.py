"""Questions that are asked side by side: the answers are waited for once, not in turn."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Questions:
    """Whoever asks, `limit` at a time: each of them is a connection.

    A question has a thread of its own, which ends with the process: a person who interrupts a
    silent server does not wait for it. So a question may be what changes nothing alone.
    """

    def __init__(self, limit: int) -> None:
        self._turn = Semaphore(limit)

    def ask(self, question: Callable[..., T], *arguments: object) -> Answer[T]:
        """Begin to ask: `question` is called with `arguments`."""
        return Answer(lambda: question(*arguments), self._turn)


class Answer(Generic[T]):
    """What will be known of one question."""

    def __init__(self, question: Callable[[], T], turn: Semaphore) -> None:
        self._question = question
        self._turn = turn
        self._found: list[T] = []
        self._error: Exception | None = None
        self._thread = Thread(target=self._ask, daemon=True)
        self._thread.start()

    def get(self) -> T:
        """The answer, once it is there; raises what the question raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _ask(self) -> None:
        with self._turn:
            try:
                self._found.append(self._question())
            except Exception as error:
                self._error = error
