"""A folder over HTTP with ranges, as far away as asked: every answer begins after a delay.

    python benchmarks/far_folder.py FOLDER DELAY_MS

Prints its address on the first line. What limits the rate of a transfer is the machine, not the distance.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import anyio
import uvicorn
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send


@contextmanager
def served(folder: Path, delay_ms: float) -> Iterator[str]:
    """The folder's address while the block runs; from a process of its own, as GDAL may hold the interpreter's lock."""
    command = [sys.executable, __file__, str(folder), str(delay_ms)]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> None:
    """Serve until terminated."""
    files, delay_s = StaticFiles(directory=sys.argv[1]), float(sys.argv[2]) / 1000

    async def far(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(delay_s)
        await files(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(far, lifespan="off", access_log=False, log_level="warning"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
