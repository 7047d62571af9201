"""Who uses the cores: our own threads, over strips and fits; the libraries that they call keep to one each.

And who does not: Python's collector of cycles. And how many heaps there are for all these threads.
"""

import ctypes
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")
Done = TypeVar("Done")

M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -8, -3, -1
"""Parameters of glibc's mallopt."""
LARGE_BYTES, KEPT_BYTES = 32 << 20, 64 << 20
"""What is at least so large goes back to the system when it is freed, and of a heap what is beyond so much."""


@contextmanager
def one_thread_each(user_api: str | None = None) -> Iterator[None]:
    """Hold BLAS and OpenMP (or the one that is named) to one thread: small products wait longer than they compute.

    Sums, and with them all results, are then the same on every machine. OpenMP counts for the calling thread alone.
    Serves as a decorator, too.
    """
    with pools().limit(limits=1, user_api=user_api):
        yield


@cache
def pools() -> ThreadpoolController:
    """The libraries' thread pools; finding them takes longer than a small fit."""
    return ThreadpoolController()


def together(work: Callable[[Part], Done], parts: Iterable[Part]) -> list[Done]:
    """The work on all parts, in their order, by as many threads as there are cores: for work that releases the GIL.

    The calling thread works, too, and helpers take what it has not come to. So parts of one work may share out parts
    of their own: nobody waits for a helper that has not begun.
    """
    given = list(parts)
    done: list[Any] = [None] * len(given)
    left = iter(list(enumerate(given)))

    def take() -> None:
        for place, part in left:
            done[place] = work(part)

    asked = [helpers().submit(take) for _ in range(min(cores(), len(given)) - 1)]
    try:
        take()
    finally:
        for one in asked:
            if not one.cancel():
                one.result()
    return done


def both(one: Callable[[], Done], other: Callable[[], Part]) -> tuple[Done, Part]:
    """What two works give, done as by `together`."""
    works: list[Callable[[], Any]] = [one, other]
    first, second = together(lambda work: work(), works)
    return first, second


@cache
def cores() -> int:
    """How many cores the machine has."""
    return os.cpu_count() or 1


@cache
def helpers() -> ThreadPoolExecutor:
    """The threads that help, for as long as the process lives: to start them takes longer than many a work."""
    return ThreadPoolExecutor(max(cores() - 1, 1), thread_name_prefix="helper")


os.register_at_fork(after_in_child=helpers.cache_clear)


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold the collector of reference cycles: it would walk all objects over and over while thousands are made.

    Serves as a decorator, too.
    """
    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


def two_heaps() -> None:
    """Have all threads allocate from two heaps that keep some of what is freed, where the C library is glibc.

    It would give a heap to every thread, up to eight a core, and each keeps what was freed: some 200 MB on a full
    scene. But it would keep so little of small arrays that a small scene takes its memory from the system over and
    over, which is 7 % of the time of its detection.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_ARENA_MAX, 2)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back() -> None:
    """Return memory that is free to the system, where the C library is glibc, which would keep it for later."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
