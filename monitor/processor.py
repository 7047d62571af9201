"""What NumPy should know of the processor before it is imported."""

import os
from itertools import takewhile
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
DISABLED = "NPY_DISABLE_CPU_FEATURES"
AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
"""What NumPy calls its parts that are made for AVX-512."""
ZEN_4 = {"vendor_id": "AuthenticAMD", "cpu family": "25"}
"""Zen 3 is of that family too, but has no AVX-512."""


def sort_without_avx512(described: Path = CPU_INFO) -> None:
    """Have NumPy sort and select by AVX2 on AMD's Zen 4, which takes six times as long by AVX-512.

    That processor compresses vectors to memory by microcode (https://github.com/numpy/x86-simd-sort/issues/6). Leaves
    others, and what the user has set, as they are, and is of no use once NumPy is imported.
    """
    if is_zen_4(described):
        os.environ.setdefault(DISABLED, AVX512)


def is_zen_4(described: Path) -> bool:
    """Whether the first processor that Linux describes is one; False where nothing is described."""
    try:
        with described.open() as lines:
            first = list(takewhile(str.strip, lines))  # there may be hundreds, and every one takes Linux a while
    except OSError:
        return False
    pairs = (line.partition(":") for line in first)
    facts = {name.strip(): value.strip() for name, _, value in pairs}
    return ZEN_4.items() <= facts.items() and "avx512f" in facts.get("flags", "").split()
