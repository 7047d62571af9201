import json
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_the_daemon_serves_as_well_when_it_is_told_to_and_still_ends_in_time(make_service, tmp_path: Path) -> None:
    port = free_port()
    service = make_service(f"sqlite:///{tmp_path / 'monitor.db'}", web={"enabled": True, "port": port})
    process = service.start()
    answer: dict[str, object] = {}

    def answers() -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=5) as response:
            answer.update(json.load(response))
        return bool(answer.get("leader"))

    service.wait(answers)
    service.wait_until_worked_off()
    with urlopen(f"http://127.0.0.1:{port}/api/v1/alerts", timeout=20) as response:
        assert json.load(response)["items"]
    process.terminate()
    started = time.monotonic()
    process.wait(60)
    assert time.monotonic() - started < 60
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
