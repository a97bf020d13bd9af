"""Looks an installation over: which file is the database, what is in it, what does it depend on, does that answer.

Nothing is written, and nothing is made that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mai_core.days import from_ms
from mai_core.doctor import engines, ledger, neighbours, places
from mai_core.doctor.lines import Line, error, ok, warning
from mai_core.errors import MaiError
from mai_core.settings import Settings

__all__ = ["Line", "examine"]


def examine(settings: Settings) -> list[Line]:
    """Every line in a fixed order; what waits for others is asked at once."""
    at_once: list[Callable[[Settings], list[Line]]] = [
        engines.duckdb_lines,
        neighbours.port_lines,
        neighbours.openrouter_lines,
        neighbours.nbp_lines,
        neighbours.influx_lines,
        neighbours.open_webui_lines,
    ]
    with ThreadPoolExecutor(len(at_once)) as pool:
        asked = [pool.submit(_safely, look, settings) for look in at_once]
        lines = [
            *_settings_lines(settings),
            *_safely(places.ledger_lines, settings),
            *_safely(places.disk_lines, settings),
            *_safely(ledger.content_lines, settings),
            *engines.sqlite_lines(),
        ]
        for answer in asked:
            lines += answer.result()
    return lines


def _safely(look: Callable[[Settings], list[Line]], settings: Settings) -> list[Line]:
    """A look that fails is itself a line: the doctor always finishes."""
    try:
        return look(settings)
    except Exception as problem:
        told = str(problem) if isinstance(problem, (MaiError, OSError)) else f"{type(problem).__name__}: {problem}"
        return [error(look.__name__.removesuffix("_lines").replace("_", " "), told, "see the text")]


def _settings_lines(settings: Settings) -> list[Line]:
    client = settings.client_org_id or settings.openrouter_external_user or "no client named by the environment"
    lines = [ok("role", f"{settings.mai_role}, {client}")]
    if settings.mai_clock is not None:
        instant = from_ms(settings.mai_clock).isoformat()
        lines.append(warning("clock", f"MAI_CLOCK starts every process at {instant}", "unset MAI_CLOCK for real work"))
    if settings.mai_demo:
        lines.append(warning("demo", "MAI_DEMO is on: everybody is logged in, on 127.0.0.1 only", "unset MAI_DEMO"))
    return lines
