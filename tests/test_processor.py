"""What is told to NumPy of the processor."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.processor import AVX512, DISABLED, sort_without_avx512

ZEN_4 = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nflags\t\t: fpu avx2 avx512f bmi2\n\n"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(DISABLED, "")  # so that it is as before afterwards

    def told_of(text: str | None, before: str | None = None) -> str | None:
        if before is None:
            os.environ.pop(DISABLED, None)
        else:
            os.environ[DISABLED] = before
        described = tmp_path / "cpuinfo"
        if text is not None:
            described.write_text(text)
        sort_without_avx512(described)
        return os.environ.get(DISABLED)

    return told_of


def test_zen_4_sorts_without_avx512(told):
    assert "X86_V4" in (told(ZEN_4 + ZEN_4) or "")


@pytest.mark.parametrize(
    "text",
    [
        ZEN_4.replace("AuthenticAMD", "GenuineIntel"),
        ZEN_4.replace(": 25", ": 26"),  # Zen 5 is quick
        ZEN_4.replace(" avx512f", ""),  # Zen 3
        "Processor\t: ARMv8",
        None,
    ],
)
def test_others_are_left_alone(told, text: str | None):
    assert told(text) is None


def test_a_choice_of_the_user_stands(told):
    assert told(ZEN_4, before="AVX512_SPR") == "AVX512_SPR"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the names are those of parts for x86")
def test_numpy_understands_what_it_is_told_before_a_command_imports_it():
    ask = "import sys, monitor.processor; assert 'numpy' not in sys.modules; import numpy; print(numpy.__version__)"
    environment = {**os.environ, DISABLED: AVX512}
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", ask], env=environment, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
