"""A limit counts against one external id: what stands beside it is what was used under that id."""

from __future__ import annotations

from mai_core.money import units_of
from mai_core.store import quotas
from tests.pages.conftest import ACME, Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text
from tests.reports.conftest import add_usage


def _a_second_id_of_ann(desk: Desk) -> None:
    store, now_ms = desk.installation.store, desk.installation.now_ms()
    with store.write() as db:
        db.execute("INSERT INTO user_client_mapping VALUES ('second', 'u-ann', ?, 'ann_at_work', 1, 0, 0)", (ACME,))
        for external_user in ("ann", "ann_at_work"):
            quotas.put(db, now_ms, "test", ACME, external_user, "USD", None, units_of("50"))
    add_usage(store, "2026-10-20", "5.00", client=ACME, external_user="ann_at_work")


def test_each_id_of_a_person_has_its_own_usage(desk: Desk, open_page: Opener) -> None:
    """21 days of 1.30 USD under the first id."""
    _a_second_id_of_ann(desk)
    page = open_page(desk.login("operator"), "limits", client=ACME)
    shown = text(page)
    assert "Anna Nowak ann 27,30 USD 55%" in shown
    assert "Anna Nowak ann_at_work 5,00 USD 10%" in shown
    assert 'person=ann_at_work"' in drawn(page)


def test_each_id_of_a_person_can_be_given_a_limit(desk: Desk, open_page: Opener) -> None:
    _a_second_id_of_ann(desk)
    page = open_page(desk.login("operator"), "limits", client=ACME)
    assert {"Anna Nowak (ann)", "Anna Nowak (ann_at_work)"} <= set(page.selectbox(key="limit_whose").options)


def test_a_person_with_one_id_is_called_by_name_alone(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "limits", client=ACME)
    assert "Anna Nowak" in page.selectbox(key="limit_whose").options
