"""Words to systemd, where it started the process: readiness, and that it is still alive."""

import os
import socket


def notify(state: str) -> None:
    """Send one state such as READY=1 (sd_notify(3)); nothing when systemd did not ask for it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect(name)
        channel.sendall(state.encode())
