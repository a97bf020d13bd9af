"""`reporting.sql`: the analysts' relations for their own DuckDB, over the files of the shared lake.

The file lists the sealed days as they stand when it is made. It goes stale, not wrong: a file that was replaced is
said to be missing, and making reporting.sql anew mends that. It holds names, so it is made anew after an erasure too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from mai_core.reports import Page, Reporting, Viewer
from mai_core.reports.engine import literal, literals
from mai_core.reports.relation import sealed_parts
from mai_core.sandbox.analyst_sql import Base, selects
from mai_core.sandbox.relations import RELATIONS

Locate = Callable[[str, str], str]
"""(kind, file of the sealed list) -> path or URL."""

_FIRST_DAY = date(2020, 1, 1)

_PEOPLE = ("client_org_id", "person", "user_id", "user_name", "department")
_NO_DAYS = (
    "SELECT NULL::VARCHAR AS client_org_id, NULL::DATE AS day, '' AS person, '' AS user_id, '' AS model,"
    " '' AS provider, 0::BIGINT AS requests, 0::BIGINT AS input_tokens, 0::BIGINT AS output_tokens,"
    " 0::BIGINT AS cached_tokens, 0::BIGINT AS reasoning_tokens, 0::BIGINT AS charged_pusd, 0::BIGINT AS charged_ppln,"
    " NULL::VARCHAR AS rate, NULL::VARCHAR AS rate_table, false AS provisional, '' AS facet WHERE false"
)
_NO_GENERATIONS = (
    "SELECT NULL::VARCHAR AS client_org_id, NULL::DATE AS day, '' AS generation_id, 0::BIGINT AS at_ms, '' AS person,"
    " '' AS model, '' AS provider, 0::BIGINT AS input_tokens, 0::BIGINT AS output_tokens, 0::BIGINT AS cached_tokens,"
    " 0::BIGINT AS reasoning_tokens, 0::BIGINT AS charged_pusd WHERE false"
)


def page_of_everything(reporting: Reporting, client_org_id: str, today: date) -> Page:
    """All days of a client, as its analysts see them."""
    return reporting.open(Viewer("analyst", client_org_id), _FIRST_DAY, today)


def local_sql(page: Page, made_at: datetime) -> str:
    """For a DuckDB on the machine (or mount) that holds the lake."""
    return _sql(page, made_at, page.reporting.lake.shared.locate, _LOCAL_HEAD, "")


def remote_sql(page: Page, made_at: datetime, api_url: str) -> str:
    """For a laptop: files come over the API with a token, today is fetched when asked for."""
    head = _REMOTE_HEAD.format(api=api_url, secret=literal(f"{api_url}/api/v1/lake/"))
    url = literal(f"{api_url}/api/v1/lake/open/usage.parquet?client={page.client}")
    return _sql(
        page,
        made_at,
        lambda kind, file: f"{api_url}/api/v1/lake/files/{kind}/{file}",
        head,
        "\n-- With the days that are still open, today included (fetched at every use):\n"
        f"CREATE OR REPLACE VIEW usage_with_today AS FROM usage UNION ALL BY NAME FROM read_parquet({url});\n",
    )


_LOCAL_HEAD = """-- In the DuckDB command line: .read reporting.sql
-- In a notebook:               duckdb.sql(open('reporting.sql').read())
"""

_REMOTE_HEAD = """-- 1. Make a token with the scope `lake`: page Tokens, or `python -m mai_core token new --help`.
-- 2. Put it in here, then: .read reporting.sql
INSTALL httpfs; LOAD httpfs;
CREATE OR REPLACE SECRET mai_usage (TYPE http, BEARER_TOKEN 'PUT-YOUR-TOKEN-HERE', SCOPE {secret});
"""


def _sql(page: Page, made_at: datetime, locate: Locate, head: str, tail: str) -> str:
    through = page.freshness.sealed_through
    parts = [
        f"-- mAI Usage: relations of {page.client}, made {made_at.isoformat(timespec='seconds')}, "
        f"closed days through {through or 'none yet'}.\n",
        head,
        "\nCREATE SCHEMA IF NOT EXISTS lake;\n",
        _people(page.snapshot.people.to_pylist()),
        _sealed(page, locate, "days", _NO_DAYS, " AND facet IN ('event', 'client')"),
        _sealed(page, locate, "generations", _NO_GENERATIONS, ""),
    ]
    ready = selects(Base(usage="lake.days", people="lake.people", generations="lake.generations"))
    ready["data_through"] = _data_through(page.start, through)
    for relation in RELATIONS:
        parts.append(f"\nCREATE OR REPLACE VIEW {relation.name} AS{_dedented(ready[relation.name])};\n")
        parts.append(f"COMMENT ON VIEW {relation.name} IS {literal(relation.meaning)};\n")
        parts += [
            f"COMMENT ON COLUMN {relation.name}.{column.name} IS {literal(column.meaning)};\n"
            for column in relation.columns
        ]
    return "".join([*parts, tail])


def _people(people: Sequence[dict[str, object]]) -> str:
    columns = ", ".join(_PEOPLE)
    if not people:
        nobody = ", ".join(f"NULL::VARCHAR AS {name}" for name in _PEOPLE)
        return f"CREATE OR REPLACE TABLE lake.people AS SELECT {nobody} WHERE false;\n"
    values = ",\n    ".join(
        "(" + ", ".join("NULL" if person[name] is None else literal(str(person[name])) for name in _PEOPLE) + ")"
        for person in people
    )
    return f"CREATE OR REPLACE TABLE lake.people AS FROM (VALUES\n    {values}\n) AS people ({columns});\n"


def _sealed(page: Page, locate: Locate, kind: str, nothing: str, condition: str) -> str:
    snapshot = page.snapshot
    found = sealed_parts(snapshot.files, snapshot.first, snapshot.last, lambda file: locate(kind, file))
    union = "\n    UNION ALL BY NAME ".join(f"SELECT * FROM {part}{condition}" for part in found) or nothing
    return f"CREATE OR REPLACE VIEW lake.{kind} AS\n    {union};\n"


def _data_through(start: date, through: date | None) -> str:
    last = f"DATE {literal(through)}" if through else "NULL::DATE"
    return f" SELECT DATE {literals([start])} AS first_day, {last} AS last_day, {last} AS sealed_through"


def _dedented(sql: str) -> str:
    return (
        "\n" + "\n".join(line.removeprefix("        ") for line in sql.strip("\n").splitlines())
        if "\n" in sql
        else (f"\n    {sql.strip()}")
    )
