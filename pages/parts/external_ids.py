"""Under which ids the people of a client are known to whoever sends their usage; a limit belongs to one of them."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import streamlit as st

from mai_core.language import Words
from pages.parts import api
from pages.parts.view import View


class Known(NamedTuple):
    external_user: str
    name: str | None
    label: str
    is_only: bool
    """The person has no other id."""

    def shown(self, words: Words) -> str:
        return self.name or words("person.unnamed", label=self.label)

    def told_apart(self, words: Words) -> str:
        return self.shown(words) if self.is_only else f"{self.shown(words)} ({self.external_user})"


def known(view: View) -> dict[str, Known]:
    return _known(view.session.token, view.client_id) if view.client_id else {}


@st.cache_data(ttl=10, show_spinner=False, max_entries=200)
def _known(token: str, client: str) -> dict[str, Known]:
    rows = [row for row in api.call("GET", "/api/v1/people", token, params={"client": client}) if row["external_user"]]
    ids = Counter(row["user_id"] for row in rows)
    found = [Known(row["external_user"], row["name"], row["label"], ids[row["user_id"]] == 1) for row in rows]
    found.sort(key=lambda one: (one.name or "\uffff", one.label, one.external_user))
    return {one.external_user: one for one in found}
