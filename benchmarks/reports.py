"""How fast reports answer, against the same SQL over a plain ATTACH of the ledger, in one run.

    python -m benchmarks.reports --folder /tmp/bench      # 5 million rows of 20 million generations
    python -m benchmarks.reports --folder /tmp/bench --rows 200000 --generations 800000 --clients 4 --months 6

`ms` is a question that opens the reports for itself, as the API and exports do; `lent ms` one of a page, on the
connection that pages of one viewer lend each other. The ledger is made once per folder (delete the folder to make
another) by a process of its own, because this one reads it as the pages do: through DuckDB, without apsw.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.reports_data import LAST_DAY, client_name
from mai_core.reports import Reporting, Viewer
from mai_core.reports.engine import load_extension, open_reader
from mai_core.reports.explain import explain
from mai_core.reports.prepared import Prepared
from mai_core.reports.registry import parameters_of, sql_of
from mai_core.reports.roll_ups import KINDS
from mai_core.settings import Settings, load_settings

PAGE = ("totals", "by_day", "by_model", "by_person", "movers_models", "activity")
"""What an overview asks."""

QUESTIONS = ("totals", "by_day", "by_month", "by_person", "by_department", "by_model", "by_person_model", "unit_costs")
OPERATOR = Viewer("operator")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=5_000_000, help="daily rows in all")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--generations", type=int, default=20_000_000)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--questions", default=",".join(QUESTIONS), help="with commas")
    parser.add_argument("--no-attach", action="store_true", help="skip the slow comparison")
    arguments = parser.parse_args()
    if not (arguments.folder / "ready").exists():
        sizes = ("folder", "rows", "clients", "months", "generations")
        words = [f"--{name}={getattr(arguments, name)}" for name in sizes]
        subprocess.run([sys.executable, "-m", "benchmarks.reports_data", *words], check=True)
    settings = load_settings({"MAI_DATA_DIR": str(arguments.folder)}, arguments.folder / ".env")
    measure(settings, arguments)


def measure(settings: Settings, arguments: argparse.Namespace) -> None:
    reporting = Reporting.of_ledger_file(settings)
    client = client_name(0)
    month = (LAST_DAY.replace(day=1), LAST_DAY)
    history = (LAST_DAY - timedelta(days=arguments.months * 30), LAST_DAY)
    views = {
        "one client, month": (Viewer("manager", client), month, client),
        "one client, all time": (Viewer("manager", client), history, client),
        "all clients, month": (OPERATOR, month, None),
        "all clients, all time": (OPERATOR, history, None),
    }
    print(f"{'question':<22}{'view':<24}{'ms':>8}{'cpu ms':>8}{'lent ms':>9}{'attach ms':>12}{'ratio':>8}{'lent':>8}")
    for name, (viewer, period, of) in views.items():
        snapshot = reporting.snapshot(of, *history, viewer.sees_cost)
        lent = reporting.prepare(snapshot, viewer.sees_cost, small=of is not None)
        for question in arguments.questions.split(","):
            slow = None if arguments.no_attach else attach_ms(settings, question, viewer, period, of)
            anew, standing = (
                taken(arguments.repeat, lambda q=question, c=c, v=viewer, p=period: asked(reporting, (q,), v, p, c))  # type: ignore[misc]
                for c in (None, lent)
            )
            tell(question, name, anew, standing, slow)
        for label, run in below_the_days(reporting, viewer, period).items():
            tell(label, name, taken(arguments.repeat, run))
        anew, standing = (
            taken(arguments.repeat, lambda c=c, v=viewer, p=period: asked(reporting, PAGE, v, p, c))  # type: ignore[misc]
            for c in (None, lent)
        )
        tell(f"a page ({len(PAGE)} questions)", name, anew, standing)
        lent.close()


def tell(
    question: str,
    view: str,
    took: tuple[float, float],
    lent: tuple[float, float] | None = None,
    slow: float | None = None,
) -> None:
    line = f"{question:<22}{view:<24}{took[0]:>8.1f}{took[1]:>8.1f}"
    if lent is not None:
        line += f"{lent[0]:>9.1f}"
    if lent is not None and slow is not None:
        line += f"{slow:>12.0f}{slow / took[0]:>8.1f}{slow / lent[0]:>8.1f}"
    print(line, flush=True)


def below_the_days(reporting: Reporting, viewer: Viewer, period: tuple[date, date]) -> dict[str, Callable[[], object]]:
    """Questions that read generations; the day is a sealed one in the middle of the period."""
    day = period[0] + (period[1] - period[0]) // 2
    client = client_name(0)
    (first,) = reporting.rows("generations", viewer, day, day, client, most=1)
    one = {"people": (first["person"],), "models": (first["model"],)}

    def tree(start: date, end: date, **filters: tuple[str, ...]) -> None:
        with reporting.open(viewer, start, end, client if filters else None, **filters) as page:
            if not explain(page).equal:
                raise SystemExit(f"an explanation of {start} to {end} does not add up")

    return {
        "heat map": lambda: reporting.ask("heat_map", viewer, *period),
        "day -> generations": lambda: reporting.ask("generations", viewer, day, day, most=1000),
        "explain the period": lambda: tree(*period),
        "explain a day": lambda: tree(day, day),
        "explain generations": lambda: tree(day, day, **one),
    }


def asked(
    reporting: Reporting, questions: Sequence[str], viewer: Viewer, period: tuple[date, date], lent: Prepared | None
) -> None:
    """Opened anew, as the API and exports do, or on the connection that pages of one viewer lend each other."""
    with reporting.open(viewer, *period, lent=lent) as page:
        for question in questions:
            page.ask(question)


def attach_ms(
    settings: Settings, question: str, viewer: Viewer, period: tuple[date, date], client: str | None
) -> float:
    """The same question over the ledger as DuckDB attaches it: every row is scanned."""
    connection = open_reader()
    load_extension(connection, "sqlite_scanner")
    connection.execute(f"ATTACH '{settings.usage_summary_db}' AS l (TYPE sqlite, READ_ONLY)")
    of_client = "" if client is None else f"WHERE d.client_org_id = '{client}'"
    connection.execute(
        f"""
        CREATE VIEW usage AS
        SELECT d.client_org_id, d.usage_date::DATE AS day, d.external_user AS person, '' AS user_id, d.model,
            d.provider, d.requests, d.input_tokens, d.output_tokens, d.cached_tokens, d.cache_write_tokens,
            d.reasoning_tokens,
            d.input_tokens + d.output_tokens AS total_tokens, d.unpriced_requests, d.byok_requests, d.last_at_ms,
            d.charged_pusd, d.raw_pusd, in_pln(d.charged_pusd, r.units)::BIGINT AS charged_ppln, r.rate,
            r.table_no AS rate_table, false AS provisional
        FROM l.usage_daily AS d
        LEFT JOIN (SELECT *, rate_units(rate) AS units FROM l.day_rates) AS r
            ON r.client_org_id = d.client_org_id AND r.usage_date = d.usage_date {of_client}
        """
    )
    connection.execute(
        "CREATE VIEW people AS SELECT m.client_org_id, m.openrouter_user_id AS person, m.user_id, p.name AS user_name, "
        "p.department FROM l.user_client_mapping AS m LEFT JOIN l.people AS p ON p.client_org_id = m.client_org_id AND "
        "p.user_id = m.user_id"
    )
    for kind in KINDS:
        connection.execute(f"CREATE VIEW usage_{kind} AS SELECT * FROM usage")
    sql = sql_of(question, viewer.sees_cost)
    start, end = period
    values: dict[str, Any] = {"start": start, "end": end, "previous_start": start, "previous_end": start}
    bound = {name: values[name] for name in parameters_of(sql)}
    ms, _ = taken(1, lambda: connection.execute(sql, bound).to_arrow_table())
    connection.close()
    return ms


def taken(repeat: int, run: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds on the clock, and of CPU time: on a machine that others use, the second says more."""
    clock, cpu = [], []
    for _ in range(repeat):
        started, used = time.perf_counter(), time.process_time()
        run()
        clock.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    return statistics.median(clock), statistics.median(cpu)


if __name__ == "__main__":
    print(f"duckdb {duckdb.__version__}")
    main()
