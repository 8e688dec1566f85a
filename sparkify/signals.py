"""What ends a command that cleans up, or says what became of it: Ctrl-C, SIGTERM, a terminal that closes."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within the block each of these signals is a KeyboardInterrupt; one that is ignored (nohup) stays so."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as signal calls it
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def deferred(told: Callable[[], None]) -> Iterator[None]:
    """Within the block nothing is interrupted: who tries is `told` what goes on."""

    def tell(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as above
        told()

    with _handling(tell):
        yield


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before: dict[int, Any] = {
        number: signal.getsignal(number)
        for number in _ENDING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
