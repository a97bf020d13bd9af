"""Every page as every role: it shows its numbers, only the own tenant's, and names as the text they are."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mai_core.language import Words
from mai_core.money import units_of
from mai_core.store import clients, imported
from pages.parts import api, sessions, shell
from pages.parts.registry import PAGES
from tests.pages.conftest import ACME, NASTY, OTHER, SECRET_AMOUNT, SECRET_MODEL, SECRET_NAME, Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text
from tests.reports.conftest import add_table

EXPLAINED = {"from_": "2026-10-01", "to": "2026-10-21"}
QUERIES = {"person": {"id": "u-ann"}, "explain": EXPLAINED}


def healthy(page: AppTest) -> None:
    assert not page.exception, page.exception
    assert "m-notice bad" not in drawn(page), text(page)


@pytest.mark.parametrize("role", ["operator", "accountant", "manager", "analyst"])
def test_every_page_of_a_role_opens(role: str, desk: Desk, open_page: Opener) -> None:
    token = desk.login(role)
    for entry in PAGES:
        if role in entry.roles:
            page = open_page(token, entry.path, **{**QUERIES.get(entry.path, {}), "client": ACME})
            healthy(page)
            assert "m-head" in drawn(page), entry.path


def test_a_page_of_another_role_is_not_there(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "operations")
    assert "Stan systemu" not in text(page)
    assert "Przegląd" in text(page)


SECRETS = (SECRET_NAME, SECRET_MODEL, SECRET_AMOUNT.partition(".")[0], "77 777", "77,777", OTHER)


@pytest.mark.parametrize("role", ["manager", "analyst"])
def test_nothing_of_another_tenant_is_shown(role: str, desk: Desk, open_page: Opener) -> None:
    """The caches are shared on purpose: the operator looks at everything first, then the other asks for the same."""
    operator, stranger = desk.login("operator"), desk.login(role)
    seen_by_operator = ""
    for entry in PAGES:
        if role not in entry.roles:
            continue
        query = {**QUERIES.get(entry.path, {}), "client": OTHER, "by": "person", "id": "u-secret"}
        page = open_page(operator, entry.path, **query)
        seen_by_operator += text(page) + drawn(page)
        page = open_page(stranger, entry.path, **query)
        shown = text(page) + drawn(page)
        assert "m-head" in shown, entry.path
        for secret in SECRETS:
            assert secret not in shown, f"{entry.path} shows {secret}"
    assert all(secret in seen_by_operator for secret in (SECRET_NAME, SECRET_MODEL, "77 777")), (
        "there was nothing to see"
    )


def test_a_session_that_begins_where_another_ended_sees_only_its_own(desk: Desk, open_page: Opener) -> None:
    """The same browser tab, first the operator's, then a manager's: what the first one chose is not carried over."""
    page = open_page(desk.login("operator"), "users", client=OTHER)
    assert SECRET_NAME in text(page)
    manager = desk.login("manager")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shell, "cookie_token", lambda: manager)
        page.run()
    shown = text(page) + drawn(page)
    assert "Anna Nowak" in shown
    for secret in SECRETS:
        assert secret not in shown


@pytest.mark.parametrize("role", ["accountant", "manager", "analyst"])
def test_what_belongs_to_operators_is_not_there_for_others(role: str, desk: Desk, open_page: Opener) -> None:
    token = desk.login(role)
    for entry in PAGES:
        if role in entry.roles:
            continue
        page = open_page(token, entry.path, client=ACME)
        assert f"<h1>{Words('pl')(entry.title)}" not in drawn(page), entry.path
        assert "<h1>Przegląd" in drawn(page), entry.path


def test_clients_at_a_glance_are_all_clients(desk: Desk, open_page: Opener) -> None:
    """Also while one is chosen in the menu: the others have not spent nothing."""
    token = desk.login("operator")
    chosen, all_of_them = (
        text(open_page(token, "operations", **query)).partition("Alerty")[0] for query in ({"client": ACME}, {})
    )
    assert SECRET_NAME in chosen
    assert chosen.count(" zł") == all_of_them.count(" zł") == 3  # two clients and their sum


def test_an_accountant_changes_nothing(desk: Desk, open_page: Opener) -> None:
    """Sees all clients and their terms; what changes them is not drawn, and the API refuses it as well."""
    token = desk.login("accountant")
    page = open_page(token, "clients")
    healthy(page)
    assert "Acme sp. z o.o." in text(page)
    assert SECRET_NAME in text(page)
    keys = {widget.key for widget in (*page.button, *page.text_input)}
    assert not {key for key in keys if key and key.startswith(("client_close", "new_", "change_"))}
    answer = desk.api.patch(
        f"/api/v1/admin/clients/{ACME}", json={"markup_rate": "9"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 403


def test_a_manager_never_sees_our_cost(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "explain", from_="2026-10-14", to="2026-10-14")
    healthy(page)
    assert "Koszt u dostawcy" not in text(page)
    assert "margin" not in drawn(page).lower()


def test_names_are_text_everywhere(desk: Desk, open_page: Opener) -> None:
    token = desk.login("operator")
    shown = NASTY.replace("\u202e", "")
    for path in [entry.path for entry in PAGES]:
        query = {"by": "person"} if path == "billing" else QUERIES.get(path, {})
        page = open_page(token, path, **query, client=ACME)
        markup = drawn(page)
        assert "\u202e" not in markup, path
        assert not any("evil.example" in element.value for element in (*page.markdown, *page.caption)), path
        assert "<script" not in markup, path
        assert "<img src=x" not in markup, path
        assert "onerror=alert(1)>" not in markup.replace("&gt;", ""), path
        if path in ("users", "people"):
            assert shown in text(page)


def test_the_overview_says_how_much(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"))
    healthy(page)
    shown = text(page)
    # 21 days x 1.30 and 2.60 on top = 29.90 USD; each row x 3.6543 rounded once
    assert "29,90 USD" in shown
    assert "109,26 zł" in shown
    assert "30%" in shown  # of the limit of 100 USD
    assert "85 zapytań" not in shown
    assert "Ostatnie zdarzenie" in shown


def _compared(desk: Desk, *days: tuple[str, str, str, str]) -> None:
    with desk.installation.store.write() as db:
        for day, client, billed, recorded in days:
            db.execute(
                "INSERT INTO reconciled_days VALUES (?, ?, ?, ?, 0)", (day, client, *map(units_of, (billed, recorded)))
            )
        for client in (ACME, OTHER, OTHER):
            db.execute(
                "INSERT INTO residuals (utc_date, client_org_id, model, provider, class, billed_pusd, recorded_pusd,"
                " found_at_ms, resolved_at_ms) VALUES ('2026-10-18', ?, 'm', 'p', 'recovered', 5, 0, 1, 1)",
                (client,),
            )  # fmt: skip


def test_the_proof_line_says_how_far_the_books_were_compared(desk: Desk, open_page: Opener) -> None:
    _compared(
        desk, ("2026-09-30", ACME, "9", "9"), ("2026-10-18", ACME, "20", "20"), ("2026-10-19", ACME, "5", "5"),
        ("2026-10-19", OTHER, "1000", "999.50"),
    )  # fmt: skip
    operator = desk.login("operator")
    everything = text(open_page(operator))
    assert "Uzgodniono z OpenRouter do 19 paź: naliczone 1 025,00 USD, zapisane 1 024,50 USD" in everything
    assert "różnica 0,50 USD, odzyskane 3." in everything
    own = text(open_page(operator, client=ACME))
    assert "naliczone 25,00 USD, zapisane 25,00 USD, różnica 0,00 USD, odzyskane 1." in own
    manager = text(open_page(desk.login("manager")))
    assert "Sprawdzone z dostawcą do 19 paź." in manager
    assert "25,00 USD" not in manager


def test_a_client_without_a_key_of_its_own_is_told_the_day_only(desk: Desk, open_page: Opener) -> None:
    """What several clients share is nobody's figure."""
    _compared(desk, ("2026-10-19", "", "5", "5"))
    shown = text(open_page(desk.login("operator"), client=ACME))
    assert "Sprawdzone z dostawcą do 19 paź." in shown
    assert "naliczone" not in shown


def test_a_link_to_a_client_that_is_not_there_says_what_is_shown_instead(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), client="<b>closed")
    assert "Klienta <b>closed nie ma na liście: jest zamknięty albo nieznany. Poniżej: Wszyscy klienci." in text(page)
    healthy(page)
    assert "nie ma na liście" not in text(open_page(desk.login("manager"), client="closed"))


def test_without_a_comparison_nothing_is_claimed(desk: Desk, open_page: Opener) -> None:
    assert "Sprawdzone" not in text(open_page(desk.login("manager")))


def test_every_amount_of_the_overview_leads_to_its_explanation(desk: Desk, open_page: Opener) -> None:
    markup = drawn(open_page(desk.login("manager")))
    assert 'href="/explain?from=2026-10-01&amp;to=2026-10-21"' in markup
    assert markup.count("/explain?") > 5


def test_of_two_people_the_median_lies_between_them(desk: Desk, open_page: Opener) -> None:
    """99,76 zł and 9,50 zł."""
    shown = text(open_page(desk.login("manager"), "users", client=ACME))
    assert re.search(r"Mediana\s*54,63\szł", shown), shown


def test_the_explanation_adds_up(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "explain", **EXPLAINED, client=ACME)
    healthy(page)
    assert "109,26 zł" in text(page)
    assert "Suma części równa się całości" in text(page)


def test_the_statement_adds_up_to_the_grosz(desk: Desk, open_page: Opener) -> None:
    token = desk.login("accountant")
    for group in ("model", "person", "department", "day"):
        page = open_page(token, "billing", by=group, client=ACME)
        healthy(page)
        markup = drawn(page)
        table = markup[markup.index("<tbody>") : markup.index("</table>")]
        body, foot = table.split("<tfoot>")
        lines = [_grosze(found) for found in PLN.findall(body)]
        assert _grosze(PLN.findall(foot)[0]) == sum(lines) == 10926, group


@pytest.mark.parametrize(("whole", "left"), [("0.300000000003", False), ("0.300000000002", False), ("0.31", True)])
def test_imported_history_is_a_line_of_its_own_only_where_that_line_says_something(
    desk: Desk, open_page: Opener, whole: str, left: bool
) -> None:
    """Three people's days and their client's day, each converted and rounded apart: billionths are no line."""
    with desk.installation.store.write() as db:
        rows = [("client", "", whole, 3), *(("user", person, "0.100000000001", 1) for person in ("ann", "bob", "eve"))]
        imported.put_history(db, (history_row(*row) for row in rows))
    page = open_page(desk.login("accountant"), "billing", by="person", month="2026-08", client=ACME)
    healthy(page)
    assert ("bez podziału" in text(page)) is left
    body, foot = drawn(page).split("<tfoot>")[:2]
    assert _grosze(PLN.findall(foot)[0]) == sum(_grosze(found) for found in PLN.findall(body.split("<tbody>")[-1]))


def history_row(facet: str, person: str, charged: str, requests: int) -> dict[str, object]:
    units = units_of(charged)
    return {
        "facet": facet, "client_org_id": ACME, "usage_date": "2026-08-03", "external_user": person, "model": "",
        "provider": "", "user_id": person, "total_tokens": 10 * requests, "total_requests": requests,
        "raw_pusd": units, "charged_pusd": units, "raw_cost": charged, "markup_cost": charged, "primary_model": None,
        "unique_users": None, "created_at": 0, "updated_at": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fixed", "agreed", "said"),
    [
        ("2026-09-14", "daily", "każdy dzień po kursie NBP z tego dnia"),
        ("2026-09-14", "period_end", "każdy dzień po kursie NBP z tego dnia"),
        ("2026-09-29", "period_end", "miesiąc po kursie NBP z ostatniego dnia roboczego"),
        ("2026-09-29", "daily", "miesiąc po kursie NBP z ostatniego dnia roboczego"),
    ],
)
def test_a_month_says_how_it_was_converted_and_not_what_is_agreed_since(
    desk: Desk, open_page: Opener, fixed: str, agreed: str, said: str
) -> None:
    """September has one day of usage, the 14th."""
    store = desk.installation.store
    for day in ("2026-09-14", "2026-09-29"):
        add_table(store, day, "3.6", f"of {day}")
    with store.write() as db:
        policy = "daily" if fixed == "2026-09-14" else "period_end"
        row = (ACME, "2026-09-14", "3.6", f"of {fixed}", fixed, policy)
        db.execute("INSERT INTO day_rates VALUES (?, ?, ?, ?, ?, ?, 0)", row)
        clients.update(db, desk.installation.now_ms(), ACME, {"fx_policy": agreed})
    page = open_page(desk.login("accountant"), "billing", month="2026-09", client=ACME)
    healthy(page)
    assert said in text(page)


def test_a_provisional_statement_says_so_and_names_the_table(desk: Desk, open_page: Opener) -> None:
    """The 21st has no table of its own yet: it stands at the 20th's, in the running month too."""
    with desk.installation.store.write() as db:
        db.execute("DELETE FROM exchange_rates WHERE effective_date = '2026-10-21'")
    page = open_page(desk.login("manager"), "billing")
    healthy(page)
    assert "Miesiąc trwa" in text(page)
    assert "nie ma jeszcze ostatecznego kursu NBP i stoi po tabeli 200/A/NBP/2026" in text(page)


PLN = re.compile(r"([\d\u00a0]+,\d\d)\u00a0zł")


def _grosze(text: str) -> int:
    return int(text.replace("\u00a0", "").replace(",", ""))


def test_english_is_english(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager", "en"))
    healthy(page)
    assert "PLN 109.26" in text(page)
    assert "Overview" in text(page)


def test_a_link_reproduces_the_view(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "users", period="2026-09", q="anna", sort="name")
    healthy(page)
    assert "1–30 września 2026" in text(page)
    assert page.text_input(key="q").value == "anna"
    assert page.selectbox(key="sort").value == "name"
    assert "18,92 zł" not in text(page)
    assert "5,20 USD" in text(page)


def test_another_period_is_another_number(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"))
    page.selectbox(key="period").select("last_month").run()
    healthy(page)
    assert "5,20 USD" in text(page)
    assert page.query_params["period"] == "last_month"


def test_a_period_stays_from_page_to_page(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "users", period="last_month")
    for path in ("models", "", "users"):
        page._page_hash = calc_hash(path)
        page.run()
        assert "1–30 września 2026" in text(page), path
        assert page.query_params["period"] == "last_month", path


def test_without_usage_a_page_says_so(desk: Desk, open_page: Opener) -> None:
    token = desk.login("manager")
    for path in ("", "users", "models"):
        page = open_page(token, path, period="2026-03")
        healthy(page)
        assert "Nic w tym okresie" in text(page), path


def test_without_a_session_nothing_is_shown(desk: Desk, open_page: Opener) -> None:
    for entry in PAGES:
        page = open_page("", entry.path)
        assert "Acme" not in text(page)
        assert "USD" not in text(page)
        assert "Sesja wygasła" in text(page)


def test_a_session_that_ends_ends_here_too(desk: Desk, open_page: Opener) -> None:
    token = desk.login("manager")
    page = open_page(token)
    assert "109,26 zł" in text(page)
    sessions.end(token)
    page.run()
    assert "109,26 zł" not in text(page)
    assert "Sesja wygasła" in text(page)


def test_without_the_api_one_sentence_is_said(desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    token = desk.login("manager")

    def silence(*_: object, **__: object) -> None:
        raise api.ApiAway("nobody there")

    monkeypatch.setattr(api, "send", silence)
    page = open_page(token)
    assert "make run" in text(page)
    assert "zł" not in text(page)


def test_a_form_shows_what_the_api_refuses(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "accounts")
    page.text_input(key="invite_email").set_value("not an address").run()
    page.button(key="invite_send").click().run()
    assert "m-notice bad" in drawn(page)
    assert "Adres e-mail" in text(page)


def test_a_form_changes_what_it_says(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "tokens")
    page.text_input(key="token_name").set_value("Nightly export").run()
    page.button(key="token_make").click().run()
    healthy(page)
    assert page.code[0].value.startswith("mai")
    assert "Nightly export" in text(open_page(desk.login("operator", "en"), "tokens"))


def _button(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_emptying_a_field_clears_what_was_agreed(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "clients")
    page.text_input(key=f"change_{ACME}_markup").set_value("1,55")
    page.text_input(key=f"change_{ACME}_limit").set_value("")
    _button(page, "Zapisz")
    healthy(page)
    with desk.installation.store.read() as db:
        client = clients.require(db, ACME)
    assert (client.monthly_limit, client.markup_rate) == (None, "1.55")


def test_a_limit_of_a_person_is_set_shown_and_removed(desk: Desk, open_page: Opener) -> None:
    operator = desk.login("operator")
    page = open_page(operator, "limits", client=ACME)
    page.selectbox(key="limit_whose").select("ann").run()
    page.text_input(key="limit_soft_ann").set_value("50,5")
    page.text_input(key="limit_hard_ann").set_value("200")
    page = _button(page, "Zapisz")
    healthy(page)
    shown = text(page)
    # Anna: 21 x 1.30 USD x 3.6543 = 99.76 zł, above the threshold and below the limit
    for part in ("Anna Nowak", "99,76 zł", "50,50 zł", "200,00 zł", "ostrzega", "limit miesięczny z warunków klienta"):
        assert part in shown, part
    assert "Usuń limit" in shown
    page = _button(page, "Usuń limit")
    assert "200,00 zł" not in text(page)


def test_a_manager_sees_the_limits_and_sets_none(desk: Desk, open_page: Opener) -> None:
    shown = text(open_page(desk.login("manager"), "limits"))
    # 29.90 of 100 USD
    for part in ("Cała organizacja", "29,90 USD", "100,00 USD", "30%", "w limicie"):
        assert part in shown, part
    assert "Ustaw limit" not in shown


def test_a_warning_above_the_limit_is_refused_in_words(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "limits", client=ACME)
    page.text_input(key="limit_soft_").set_value("300")
    page.text_input(key="limit_hard_").set_value("200")
    page = _button(page, "Zapisz")
    assert "m-notice bad" in drawn(page)
    assert "Próg ostrzegawczy" in text(page)


def test_a_webhook_secret_is_made_shown_once_and_ended(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "tokens", client=ACME)
    page.text_input(key="secret_label").set_value("OpenRouter 2").run()
    page.button(key="secret_make").click().run()
    secret = page.code[0].value
    assert secret.startswith("maiw")
    page.run()
    assert secret not in text(page) + drawn(page)
    assert "OpenRouter 2" in text(page)
    page.button(key="secret_end").click().run()
    assert "OpenRouter 2" not in drawn(page)


def test_settings_say_in_polish_what_they_mean(desk: Desk, open_page: Opener) -> None:
    shown = text(open_page(desk.login("operator"), "settings"))
    assert "Lokalna godzina przebiegu dziennego." in shown
    assert "Local time of the daily batch." not in shown


def test_the_first_steps_try_the_webhook_with_the_secret_just_made(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "first_run")
    page.text_input(key="first_secret_label").set_value("OpenRouter").run()
    page.button(key="first_secret_make").click().run()
    page.button(key="test_event").click().run()
    assert "HTTP 200" in text(page)
    with desk.installation.store.read() as db:
        assert list(db.execute("SELECT count(*) FROM usage_events")) == [(0,)]


def test_without_a_secret_the_webhook_does_not_open(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "first_run")
    page.button(key="test_event").click().run()
    assert "m-notice bad" in drawn(page)


def test_an_amount_that_cannot_be_explained_says_whose_it_is_and_where_amounts_are(
    desk: Desk, open_page: Opener
) -> None:
    token = desk.login("manager")
    page = open_page(token, "explain", **EXPLAINED, model="none/such")
    assert "none/such · 1–21 października 2026: Nie było zapytań" in text(page)
    assert 'href="/">Kwoty są na stronie Przegląd.' in drawn(page)
    assert 'href="/">Kwoty są na stronie Przegląd.' in drawn(open_page(token, "explain"))
