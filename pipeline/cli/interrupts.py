"""Every polite request to end a command ends it as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, what `kill`, `timeout` and schedulers send, and a terminal that is closed; Windows has no third."""


@contextmanager
def ends_as_interrupt() -> Iterator[None]:
    """Within it the first of these signals raises KeyboardInterrupt; then none is heard: results are written in peace.

    A signal that is ignored already, as `nohup` does it, stays so.
    """
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {each: signal.getsignal(each) for each in numbers}
    heard = [each for each, handler in before.items() if handler in (signal.SIG_DFL, signal.default_int_handler)]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there signals are heard
        yield
        return
    for each in heard:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in heard:
            signal.signal(each, before[each])
