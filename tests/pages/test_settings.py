"""The own account shows what it is set to, and saving one thing does not change another."""

from __future__ import annotations

from tests.pages.conftest import Desk, Opener


def test_who_wants_no_summary_is_not_asked_into_it_again(desk: Desk, open_page: Opener) -> None:
    token = desk.login("manager")
    head = {"Authorization": f"Bearer {token}"}
    assert desk.api.patch("/auth/account", json={"digest": False}, headers=head).status_code == 200
    page = open_page(token, "settings")
    (digest,) = page.checkbox
    assert digest.value is False
    page.text_input[0].set_value("Nowa Nazwa")
    next(button for button in page.button if button.label == "Zapisz").click().run()
    told = desk.api.get("/auth/session", headers=head).json()
    assert (told["name"], told["digest"]) == ("Nowa Nazwa", False)
