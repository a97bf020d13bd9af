"""The relations of analysts as SELECTs over the reporting layer's: the same text in the cell and in reporting.sql."""

from __future__ import annotations

from dataclasses import dataclass

MOST_GENERATIONS = 200_000
"""In the cell, newest first: what is older than these is in `usage` only."""


@dataclass(frozen=True, slots=True)
class Base:
    """Names of what the SELECTs read."""

    usage: str = "usage"
    people: str = "people"
    generations: str = "generations"


def amount(units: str) -> str:
    """Integer units of 10^-12 as an exact decimal; a division would go through floating point."""
    return f"({units}::DECIMAL(25, 0) * 0.000000000001::DECIMAL(13, 12))::DECIMAL(38, 12)"


def selects(base: Base) -> dict[str, str]:
    who = f"LEFT JOIN {base.people} AS p ON p.client_org_id = u.client_org_id AND p.person = u.person"
    user_id = "coalesce(p.user_id, nullif(u.user_id, ''), nullif(u.person, ''))"
    charged_pln = amount("CASE WHEN count(u.charged_ppln) = count(*) THEN sum(u.charged_ppln) END")
    return {
        "usage": f"""
            SELECT u.day, {user_id} AS user_id, p.user_name, p.department,
                   nullif(u.model, '') AS model, nullif(u.provider, '') AS provider,
                   sum(u.requests)::BIGINT AS requests, sum(u.input_tokens)::BIGINT AS input_tokens,
                   sum(u.output_tokens)::BIGINT AS output_tokens, sum(u.cached_tokens)::BIGINT AS cached_tokens,
                   sum(u.reasoning_tokens)::BIGINT AS reasoning_tokens,
                   {amount("sum(u.charged_pusd)")} AS charged_usd, {charged_pln} AS charged_pln,
                   max(u.rate_table) AS rate_table, bool_or(u.provisional) AS provisional
            FROM {base.usage} AS u {who} GROUP BY ALL ORDER BY ALL""",
        "people": f"SELECT DISTINCT user_id, user_name, department FROM {base.people} ORDER BY ALL",
        "models": f"""
            SELECT model, split_part(model, '/', 1) AS author, list_sort(list_distinct(list(provider))) AS providers,
                   min(day) AS first_day, max(day) AS last_day
            FROM {base.usage} WHERE model <> '' GROUP BY model ORDER BY model""",
        "rates": f"""
            SELECT DISTINCT day, rate::DECIMAL(18, 8) AS rate, rate_table, provisional
            FROM {base.usage} WHERE rate IS NOT NULL ORDER BY ALL""",
        "generations": f"""
            SELECT u.generation_id, make_timestamptz(u.at_ms * 1000) AS happened_at, u.day,
                   coalesce(p.user_id, nullif(u.person, '')) AS user_id, u.model, nullif(u.provider, '') AS provider,
                   u.input_tokens, u.output_tokens, u.cached_tokens, u.reasoning_tokens,
                   {amount("u.charged_pusd")} AS charged_usd
            FROM {base.generations} AS u {who} ORDER BY u.at_ms DESC""",
    }
