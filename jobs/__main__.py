"""The door for the clock: looks every few seconds at what is due and does it, one thing after the other."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import schedule

from jobs.duties import DUTIES
from mai_core.errors import MaiError
from mai_core.installation import Installation, open_installation
from mai_core.settings import load_settings

log = logging.getLogger("jobs")

TICK_S = 1.0


def plan(installation: Installation, clock: schedule.Scheduler) -> None:
    for duty in DUTIES:
        clock.every(duty.every_s).seconds.do(guarded(installation, duty.name, duty.work))


def guarded(installation: Installation, name: str, work: Callable[[Installation], object]) -> Callable[[], None]:
    """A duty that fails is logged and comes round again; the clock goes on."""

    def run() -> None:
        try:
            work(installation)
        except MaiError as error:
            log.error("%s: %s", name, error)
        except Exception:
            log.exception("%s failed", name)

    return run


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        installation = open_installation(load_settings())
    except MaiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    clock = schedule.Scheduler()
    plan(installation, clock)
    clock.run_all()
    while not stopping:
        clock.run_pending()
        time.sleep(TICK_S)
    installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
