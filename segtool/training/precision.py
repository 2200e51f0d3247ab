"""Whether this processor computes in bfloat16 natively: elsewhere it would be emulated, many times slower."""

from __future__ import annotations

import re
from pathlib import Path

# Instructions that multiply in bfloat16, as the kernel names them.
_NATIVE = frozenset({"avx512_bf16", "amx_bf16"})
_CPU_INFO = Path("/proc/cpuinfo")


def has_native_bfloat16(cpu_info: Path = _CPU_INFO) -> bool:
    """Tell whether the processor has bfloat16; False where that cannot be told."""
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return flags is not None and not _NATIVE.isdisjoint(flags[1].split())
