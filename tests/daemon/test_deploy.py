"""The systemd unit and the container: that they fit the daemon, as far as that shows without systemd and Docker."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.chaos import write_config

ROOT = Path(__file__).parent.parent.parent


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    unit = (ROOT / "deploy" / "monitor.service").read_text()
    (tmp_path / "monitor.service").write_text(unit.replace("/opt/monitor/bin/monitor", shutil.which("true")))
    command = ["systemd-analyze", "verify", str(tmp_path / "monitor.service")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_systemd_is_told_of_readiness_of_life_and_of_the_end(tmp_path, tiny, sqlite_url):
    config = write_config(tmp_path / "service", tiny, sqlite_url)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(120)
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        command = [sys.executable, "-m", "monitor", "--config", str(config), "run"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            heard = [manager.recv(100).decode() for _ in range(3)]
            process.send_signal(signal.SIGTERM)
            while heard[-1] == "WATCHDOG=1":
                heard.append(manager.recv(100).decode())
            assert process.wait(60) == 0
    assert (heard[0], heard[1], heard[-1]) == ("READY=1", "WATCHDOG=1", "STOPPING=1")


def test_the_container_gets_every_file_that_the_package_is_built_of():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["project"]["readme"], *wheel["packages"], *wheel["force-include"]}
    copied = re.findall(r"^COPY (.*) \S+$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert needed <= set(" ".join(copied).split())
