"""What analysts see: five relations in their words. The same text is the catalogue's comments and the guide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Relation:
    name: str
    meaning: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class RelationFile:
    """One relation of one tenant, written out for a cell to copy into its memory."""

    name: str
    file: str
    comment: str
    columns: dict[str, str]


_TOKENS = (
    Column("requests", "BIGINT", "generations"),
    Column("input_tokens", "BIGINT", "prompt tokens, cached ones included"),
    Column("output_tokens", "BIGINT", "completion tokens, reasoning included"),
    Column("cached_tokens", "BIGINT", "prompt tokens read from the provider's cache"),
    Column("reasoning_tokens", "BIGINT", "completion tokens spent on reasoning"),
)

_CHARGED = (
    Column("charged_usd", "DECIMAL(38,12)", "sale price in US dollars, exact"),
    Column("charged_pln", "DECIMAL(38,12)", "sale price in złoty at the NBP rate of the row, exact"),
)

_RATE = (
    Column("rate_table", "VARCHAR", "NBP table A that the złoty amount stands on"),
    Column("provisional", "BOOLEAN", "true while the rate is not final"),
)

RELATIONS = (
    Relation(
        "usage",
        "One row per day, person, model and provider: the fact table of all reports.",
        (
            Column("day", "DATE", "usage day in the client's time zone"),
            Column("user_id", "VARCHAR", "opaque id of the person; join with people"),
            Column("user_name", "VARCHAR", "name from the directory, if known"),
            Column("department", "VARCHAR", "department from the directory, if known"),
            Column("model", "VARCHAR", "model as OpenRouter names it; join with models"),
            Column("provider", "VARCHAR", "who served it"),
            *_TOKENS,
            *_CHARGED,
            *_RATE,
        ),
    ),
    Relation(
        "people",
        "Everybody who used something, and everybody the directory knows.",
        (
            Column("user_id", "VARCHAR", "opaque id"),
            Column("user_name", "VARCHAR", "name, if known"),
            Column("department", "VARCHAR", "department, if known"),
        ),
    ),
    Relation(
        "models",
        "Models that were used in the period.",
        (
            Column("model", "VARCHAR", "model as OpenRouter names it"),
            Column("author", "VARCHAR", "the part before the slash"),
            Column("providers", "VARCHAR[]", "who served it"),
            Column("first_day", "DATE", "first day of use in the period"),
            Column("last_day", "DATE", "last day of use in the period"),
        ),
    ),
    Relation(
        "rates",
        "The USD/PLN rate of each usage day.",
        (
            Column("day", "DATE", "usage day"),
            Column("rate", "DECIMAL(18,8)", "złoty for one US dollar"),
            Column("rate_table", "VARCHAR", "NBP table A"),
            Column("provisional", "BOOLEAN", "true while the rate is not final"),
        ),
    ),
    Relation(
        "generations",
        "Single generations of the period; in a query on the page the newest 200,000 of them.",
        (
            Column("generation_id", "VARCHAR", "OpenRouter's id"),
            Column("happened_at", "TIMESTAMPTZ", "when it happened"),
            Column("day", "DATE", "usage day in the client's time zone"),
            Column("user_id", "VARCHAR", "opaque id of the person"),
            Column("model", "VARCHAR", "model as OpenRouter names it"),
            Column("provider", "VARCHAR", "who served it"),
            *_TOKENS[1:],
            Column("charged_usd", "DECIMAL(38,12)", "sale price in US dollars, exact"),
        ),
    ),
    Relation(
        "data_through",
        "One row that says how far the data reaches.",
        (
            Column("first_day", "DATE", "first day of the period that was asked for"),
            Column("last_day", "DATE", "last day of it"),
            Column("sealed_through", "DATE", "days up to this one are closed; later ones may still grow"),
        ),
    ),
)
