"""The directory of one client: names and departments; erasing a person leaves every amount as it was."""

from __future__ import annotations

import streamlit as st

from pages.parts import directory, frame, markup
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.people"), view.client.name if view.client else "")
    if frame.client_needed(view):
        return
    people = directory.people(view)
    if not people:
        frame.draw(markup.empty(words("people.none"), ""))
        return
    left, right = st.columns([1.7, 1], gap="small")
    with right, st.container(key="card_person_edit"):
        _edit(view, people)
    with left, st.container(key="card_people"):
        columns = [
            Column("name", words("column.person"), "text"), Column("department", words("column.department"), "text"),
            Column("external", words("people.external"), "text"),
        ]  # fmt: skip
        body = [
            {
                "name": markup.name(person.shown(words), person.email or ""),
                "department": markup.name(person.department or ""),
                "external": Html(f"<small>{escape((person.external_user or '')[:60])}</small>"),
            }
            for person in people
        ]
        frame.draw(markup.table(columns, body))


def _edit(view: View, people: tuple[directory.Person, ...]) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("people.edit"))}</h2>'))
    by_id = {person.user_id: person for person in people}
    chosen = st.selectbox(
        words("people.choose"), list(by_id), key="people_choose", label_visibility="collapsed",
        format_func=lambda key: by_id[key].shown(words)[:80],
    )  # fmt: skip
    person = by_id[chosen]
    who = {"client_org_id": view.client_id, "user_id": chosen}
    with st.form(f"person_{chosen}", border=False):
        name = st.text_input(words("column.name"), person.name or "", max_chars=200)
        email = st.text_input(words("column.email"), person.email or "", max_chars=320)
        department = st.text_input(words("column.department"), person.department or "", max_chars=200)
        if st.form_submit_button(words("save"), type="primary"):
            changes = {"name": name, "email": email, "department": department}
            if frame.act(view, "PATCH", "/api/v1/admin/people", json={**who, **changes}):
                directory.forget()
    sure = st.checkbox(words("people.erase.sure"), key=f"erase_sure_{chosen}")
    if st.button(words("people.erase"), key="erase", disabled=not sure):
        frame.act(view, "POST", "/api/v1/admin/people/erase", json=who)
        directory.forget()
