"""Sends several reads in parallel, from background threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
TICK = 0.5
"""Seconds after which a waiting thread wakes up: Windows does not deliver Ctrl-C before."""


class Answer(Generic[T]):
    """The future result of one question, a function that sends a read."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._there = threading.Event()
        self._found: list[T] = []
        self._error: BaseException | None = None

    def get(self) -> T:
        """Wait for the result; raises the error that the function raised."""
        while not self._there.wait(TICK):
            pass
        if self._error is not None:
            raise self._error
        return self._found[0]

    def find(self) -> None:
        """Call the function and store its result or its error."""
        try:
            self._found.append(self._question())
        except BaseException as error:
            self._error = error
        self._there.set()


class Questions:
    """Up to `limit` threads that call functions which send reads; each uses one connection.

    They are daemon threads, so that Ctrl-C does not wait for a server that does not answer. The end
    of the process could interrupt a write, so only reads are allowed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._asked: SimpleQueue[Answer[Any]] = SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0

    def ask(self, question: Callable[..., T], *arguments: object) -> Answer[T]:
        """Call `question` with `arguments` in a thread; returns the answer to wait for."""
        answer = Answer(lambda: question(*arguments))
        with self._lock:
            self._asked.put(answer)
            if self._busy < self._limit:
                self._begin()
        return answer

    def _begin(self) -> None:
        """Start a thread. If that fails and no other thread runs, call the function here."""
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
