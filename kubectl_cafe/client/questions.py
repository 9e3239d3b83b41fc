"""Questions that are asked side by side: the answers are waited for once, not in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
TICK = 0.5
"""Seconds after which whoever waits looks up: on Windows nothing else lets Ctrl-C through."""


class Answer(Generic[T]):
    """What will be known of one question."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._there = threading.Event()
        self._found: list[T] = []
        self._error: BaseException | None = None

    def get(self) -> T:
        """The answer, once it is there; raises what the question raised."""
        while not self._there.wait(TICK):
            pass
        if self._error is not None:
            raise self._error
        return self._found[0]

    def find(self) -> None:
        """Ask."""
        try:
            self._found.append(self._question())
        except BaseException as error:
            self._error = error
        self._there.set()


class Questions:
    """Whoever asks, up to `limit` at a time: each of them is a connection.

    They are threads that end with the process: a person who interrupts a silent server does not
    wait for them. So a question may be what changes nothing alone.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._asked: SimpleQueue[Answer[Any]] = SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0

    def ask(self, question: Callable[..., T], *arguments: object) -> Answer[T]:
        """Begin to ask: `question` is called with `arguments`."""
        answer = Answer(lambda: question(*arguments))
        with self._lock:
            self._asked.put(answer)
            if self._busy < self._limit:
                self._begin()
        return answer

    def _begin(self) -> None:
        """One more thread; without a spare one, and without any that is busy, here and now."""
        self._busy += 1
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            self._busy -= 1
            if self._busy == 0:
                self._asked.get().find()

    def _work(self) -> None:
        while True:
            with self._lock:
                try:
                    answer = self._asked.get_nowait()
                except Empty:
                    self._busy -= 1
                    return
            answer.find()
