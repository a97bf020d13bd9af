"""kill -9 anywhere in the batch; the whole loop is `python -m benchmarks.kill_batch`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.kill_batch import prove


@pytest.mark.prove
def test_a_batch_killed_anywhere_and_run_again_ends_in_the_same_bytes(tmp_path: Path) -> None:
    assert prove(tmp_path, kills=5, random=Random(1)) == 0
