"""The three summaries of the existing mAI system, as views: three summaries, one truth.

DuckDB runs an attached SQLite view in its own dialect. Only what means the same in both is used here: DOUBLE (REAL is
32 bits there), whole divisions (7/2 is 3.5 there), no date functions.
"""

from __future__ import annotations

from typing import Any


def _seconds(milliseconds: str) -> str:
    return f"CAST(({milliseconds} - {milliseconds} % 1000) / 1000 AS BIGINT)"


def apply(db: Any) -> None:
    last = _seconds("last_at_ms")
    db.execute(
        f"""
        CREATE VIEW client_model_daily_usage AS
        SELECT client_org_id || ':' || model_name || ':' || usage_date AS id,
               client_org_id, model_name, usage_date,
               CAST(SUM(tokens) AS BIGINT) AS total_tokens,
               CAST(SUM(requests) AS BIGINT) AS total_requests,
               CAST(SUM(raw_pusd) AS DOUBLE) / 1000000000000.0 AS raw_cost,
               CAST(SUM(charged_pusd) AS DOUBLE) / 1000000000000.0 AS markup_cost,
               MAX(provider) AS provider,
               MIN(created_at) AS created_at, MAX(updated_at) AS updated_at
        FROM (
            SELECT client_org_id, model AS model_name, usage_date, provider,
                   input_tokens + output_tokens AS tokens, requests, raw_pusd, charged_pusd,
                   {last} AS created_at, {last} AS updated_at
            FROM usage_daily
            UNION ALL
            SELECT client_org_id, model, usage_date, provider, total_tokens, total_requests, raw_pusd, charged_pusd,
                   created_at, updated_at
            FROM imported_days WHERE facet = 'model'
        ) AS days
        GROUP BY client_org_id, model_name, usage_date;

        CREATE VIEW client_user_daily_usage AS
        SELECT client_org_id || ':' || user_id || ':' || usage_date AS id,
               client_org_id, user_id, MAX(external_user) AS openrouter_user_id, usage_date,
               CAST(SUM(tokens) AS BIGINT) AS total_tokens,
               CAST(SUM(requests) AS BIGINT) AS total_requests,
               CAST(SUM(raw_pusd) AS DOUBLE) / 1000000000000.0 AS raw_cost,
               CAST(SUM(charged_pusd) AS DOUBLE) / 1000000000000.0 AS markup_cost,
               MIN(created_at) AS created_at, MAX(updated_at) AS updated_at
        FROM (
            SELECT d.client_org_id AS client_org_id, COALESCE(m.user_id, d.external_user) AS user_id,
                   d.external_user AS external_user, d.usage_date AS usage_date,
                   d.input_tokens + d.output_tokens AS tokens, d.requests AS requests,
                   d.raw_pusd AS raw_pusd, d.charged_pusd AS charged_pusd,
                   {_seconds("d.last_at_ms")} AS created_at, {_seconds("d.last_at_ms")} AS updated_at
            FROM usage_daily AS d
            LEFT JOIN user_client_mapping AS m
                ON m.client_org_id = d.client_org_id AND m.openrouter_user_id = d.external_user
            UNION ALL
            SELECT client_org_id, user_id, external_user, usage_date, total_tokens, total_requests, raw_pusd,
                   charged_pusd, created_at, updated_at
            FROM imported_days WHERE facet = 'user'
        ) AS days
        GROUP BY client_org_id, user_id, usage_date;

        CREATE VIEW client_daily_usage AS
        WITH days AS (
            SELECT client_org_id, usage_date, model, external_user,
                   input_tokens + output_tokens AS tokens, requests, raw_pusd, charged_pusd,
                   {last} AS created_at, {last} AS updated_at, 0 AS imported_users
            FROM usage_daily
            UNION ALL
            SELECT client_org_id, usage_date, COALESCE(primary_model, ''), '', total_tokens, total_requests, raw_pusd,
                   charged_pusd, created_at, updated_at, COALESCE(unique_users, 0)
            FROM imported_days WHERE facet = 'client'
        ),
        by_model AS (
            SELECT client_org_id, usage_date, model,
                   ROW_NUMBER() OVER (
                       PARTITION BY client_org_id, usage_date ORDER BY SUM(tokens) DESC, SUM(requests) DESC, model
                   ) AS place
            FROM days WHERE model <> '' GROUP BY client_org_id, usage_date, model
        )
        SELECT d.client_org_id || ':' || d.usage_date AS id,
               d.client_org_id AS client_org_id, d.usage_date AS usage_date,
               CAST(SUM(d.tokens) AS BIGINT) AS total_tokens,
               CAST(SUM(d.requests) AS BIGINT) AS total_requests,
               CAST(SUM(d.raw_pusd) AS DOUBLE) / 1000000000000.0 AS raw_cost,
               CAST(SUM(d.charged_pusd) AS DOUBLE) / 1000000000000.0 AS markup_cost,
               MAX(b.model) AS primary_model,
               CAST(COUNT(DISTINCT CASE WHEN d.external_user <> '' THEN d.external_user END)
                    + MAX(d.imported_users) AS BIGINT) AS unique_users,
               MIN(d.created_at) AS created_at, MAX(d.updated_at) AS updated_at
        FROM days AS d
        LEFT JOIN by_model AS b
            ON b.client_org_id = d.client_org_id AND b.usage_date = d.usage_date AND b.place = 1
        GROUP BY d.client_org_id, d.usage_date;
        """
    )
    for view in ("client_daily_usage", "client_user_daily_usage", "client_model_daily_usage"):
        for change in ("INSERT", "UPDATE", "DELETE"):
            db.execute(
                f"""
                CREATE TRIGGER {view}_refuses_{change.lower()} INSTEAD OF {change} ON {view}
                BEGIN SELECT RAISE(ABORT, '{view} is a view of the ledger: write through record_usage'); END
                """
            )
