"""Everybody of the client that is shown, as the API's directory knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from mai_core.language import Words
from pages.parts import api
from pages.parts.view import View


@dataclass(frozen=True, slots=True)
class Person:
    user_id: str
    external_user: str | None
    name: str | None
    email: str | None
    department: str | None
    label: str

    def shown(self, words: Words) -> str:
        return self.name or words("person.unnamed", label=self.label)


def people(view: View) -> tuple[Person, ...]:
    """Of one client; of all clients nobody, because a directory belongs to a client."""
    return people_of(view, view.client_id) if view.client_id else ()


def people_of(view: View, client: str) -> tuple[Person, ...]:
    return _people(view.session.token, client)


@st.cache_data(ttl=10, show_spinner=False, max_entries=200)
def _people(token: str, client: str) -> tuple[Person, ...]:
    rows: list[dict[str, Any]] = api.call("GET", "/api/v1/people", token, params={"client": client})
    found = {row["user_id"]: _person(row) for row in rows}
    return tuple(sorted(found.values(), key=lambda person: (person.name or "\uffff", person.label)))


def _person(row: dict[str, Any]) -> Person:
    return Person(
        row["user_id"], row["external_user"], row["name"], row["email"], row["department"], row["label"]
    )  # fmt: skip


def forget() -> None:
    """After a change: the next look asks again."""
    _people.clear()
