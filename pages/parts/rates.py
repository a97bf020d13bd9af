"""Exchange rates as a page shows them."""

from __future__ import annotations

from datetime import date

import streamlit as st

from mai_core.conversion import KnownRates
from mai_core.language import Words
from mai_core.reports.rates import known_rates
from pages.parts.reading import Version, ledger_version, reporting


def shown(words: Words, rate: str | None) -> str:
    """'3,6543': the decimal as NBP wrote it, with the reader's decimal mark."""
    if not rate:
        return ""
    return str(rate).replace(".", ",") if words.language == "pl" else str(rate)


def decimal_of(typed: str) -> str | None:
    """What a person typed, with a comma or a point; None for nothing."""
    return typed.strip().replace(" ", "").replace("\u00a0", "").replace(",", ".") or None


def dates_by_table() -> dict[str, date]:
    """NBP table number -> its date; public knowledge, the same for every tenant."""
    return {table.table_no: table.effective_date for table in tables().tables}


def tables() -> KnownRates:
    return _tables(ledger_version())


@st.cache_data(ttl=600, show_spinner=False, max_entries=4)
def _tables(version: Version) -> KnownRates:
    del version
    with reporting().source.snapshot() as query:
        return known_rates(query)
