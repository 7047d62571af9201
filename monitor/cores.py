"""Who uses the cores: our own threads, over strips and fits; the libraries that they call keep to one each.

And who does not: Python's collector of cycles.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


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
