"""Questions that are asked at once: on a slow link the answers are waited for once, not in turn."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_TURNS = Semaphore(3)
"""So many at a time, beside whoever asks. On a slow link more would be no faster; next door each
costs a connection, which is as much as two answers."""


class Answer(Generic[T]):
    """What will be known of one question, which is asked in a thread of its own.

    The thread ends with the process: a person who interrupts a silent server does not wait for
    it. So a question may be a read alone.
    """

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
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
        with _TURNS:
            try:
                self._found.append(self._question())
            except Exception as error:
                self._error = error


def ask(question: Callable[..., T], *arguments: object) -> Answer[T]:
    """Begin to ask: `question` is called with `arguments`."""
    return Answer(lambda: question(*arguments))
