"""Names of processes that hold leases, and whether the process behind a name is gone for certain."""

import os
import socket
import uuid
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import psutil


def owner_name() -> str:
    """A name for this process that no other one has, on any machine, at any time."""
    return f"{socket.gethostname()}:{os.getpid()}:{place()}:{uuid.uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Whether the process of that name ran here and does not any more; False for one of another machine.

    A number that has been given to another process makes it False as well: then the lease has to run out.
    """
    parts = owner.split(":")
    if len(parts) != 4 or not parts[1].isdigit() or parts[2] != place():
        return False
    try:
        return psutil.Process(int(parts[1])).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@lru_cache
def place() -> str:
    """Short text that two processes share if each sees the other's number: one boot, one process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return sha256((boot + str(Path("/proc/self/ns/pid").readlink())).encode()).hexdigest()[:8]
    except OSError:
        return uuid.uuid4().hex[:8]
