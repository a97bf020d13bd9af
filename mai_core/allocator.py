"""Two habits of glibc's allocator that a process which stays does not want. Elsewhere there is nothing to set."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of mallopt(3)."""
_LARGE = 1024 * 1024


def give_large_buffers_back() -> None:
    """glibc raises the size from which a buffer is returned on `free` to the largest one it has seen; bodies of 32 MB
    would then stay in the heap between small ones. A fixed size ends that.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def give_free_memory_back() -> None:
    """What was freed in many small pieces stays with the process until it is asked for."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
