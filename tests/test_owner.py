"""Names of processes: whether the process behind one is gone."""

import subprocess
import sys

import pytest

from monitor.owner import is_gone, owner_name

NAME = "from monitor.owner import owner_name; print(owner_name(), flush=True); input()"


def test_a_process_is_gone_once_it_was_killed_also_before_its_parent_noticed():
    assert not is_gone(owner_name())
    with subprocess.Popen([sys.executable, "-c", NAME], stdin=-1, stdout=-1, text=True) as process:
        name = process.stdout.readline().strip()
        assert not is_gone(name)
        process.kill()
        while not is_gone(name):
            assert process.returncode is None
        process.wait()
        assert is_gone(name)


@pytest.mark.parametrize("name", ["host:1:elsewhere:abc", "somebody", "host:x:y:z", ""])
def test_of_a_process_somewhere_else_nothing_is_said(name):
    assert not is_gone(name)
