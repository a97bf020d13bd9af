"""The SQL editor as hands meet it: typing, running, Ctrl+Z, Tab, a reload, and a browser that did not get it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Visitor
from tests.e2e.visiting import playwright

pytestmark = pytest.mark.e2e

EDITOR = ".st-key-sql_editor .cm-content"
RESULT = ".st-key-card_sql [data-testid=stDataFrame]"
ACTIVE = """() => {
    let at = document.activeElement;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at.closest('.cm-content') ? 'editor' : at.closest('[class*=st-key-]')?.className.match(/st-key-(\\w+)/)[1];
}"""


class Desk:
    def __init__(self, visit: Visitor, path: str = "/sql", **options: bool) -> None:
        self.visit = visit("analyst", path=path, **options)
        self.page = self.visit.page
        self.page.wait_for_selector(EDITOR)

    @property
    def text(self) -> str:
        return "\n".join(self.page.locator(".st-key-sql_editor .cm-line").all_inner_texts())

    @property
    def history(self) -> list[str]:
        found: list[str] = self.page.locator(".st-key-card_history .m-name").all_inner_texts()
        return found

    def write(self, text: str) -> None:
        """Over what stands there, as one stroke, so that nothing is offered or closed on the way."""
        self.go_in()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def go_in(self) -> None:
        """With what is known of the editor at hand: what is typed while the page is drawn anew goes nowhere."""
        self.visit.settled()
        self.page.click(EDITOR)
        self.is_in("editor")

    def is_in(self, place: str) -> None:
        try:
            self.page.wait_for_function(f"place => ({ACTIVE})() === place", arg=place)
        except playwright.TimeoutError:
            pytest.fail(f"the keyboard is in {self.page.evaluate(ACTIVE)!r}, not in {place!r}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def has(self, text: str) -> None:
        try:
            self.page.wait_for_function(
                """text => [...document.querySelector('.st-key-sql_editor [data-testid=stBidiComponentIsolated]')
                    .shadowRoot.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n') === text""",
                arg=text,
            )
        except playwright.TimeoutError:
            pytest.fail(f"the editor holds {self.text!r}, not {text!r}")

    def runs(self, *history: str) -> None:
        """The first query of the history is the last that ran."""
        self.page.wait_for_function(
            """history => JSON.stringify([...document.querySelectorAll('.st-key-card_history .m-name')]
                .map(name => name.textContent)) === JSON.stringify(history)""",
            arg=list(history),
        )
        self.visit.settled()


def test_a_query_is_written_run_by_keyboard_and_taken_back_after_it(visit: Visitor) -> None:
    desk = Desk(visit)
    desk.write("SELECT 1 AS one")
    desk.press("ControlOrMeta+Enter")
    desk.runs("SELECT 1 AS one")
    desk.page.wait_for_selector(RESULT)
    desk.go_in()
    desk.press("ControlOrMeta+End")
    desk.page.keyboard.insert_text(", 2 AS two")
    desk.press("ControlOrMeta+Enter")
    desk.runs("SELECT 1 AS one, 2 AS two", "SELECT 1 AS one")
    desk.press("ControlOrMeta+z")
    desk.has("SELECT 1 AS one")


def test_names_of_the_schema_are_offered_and_put_in_by_a_click(visit: Visitor) -> None:
    desk = Desk(visit)
    desk.write("SELECT * FROM usage AS u WHERE u.")
    desk.page.keyboard.type("charged_p")
    desk.page.click(".cm-tooltip-autocomplete li[aria-selected=true]:has-text('charged_pln')")
    desk.has("SELECT * FROM usage AS u WHERE u.charged_pln")
    desk.write("SELECT ")
    for name in ("day", "model"):
        desk.page.click(f"[data-sql-insert={name}] >> nth=0")
    desk.has("SELECT day, model")
    desk.is_in("editor")


def test_the_keyboard_gets_in_and_out(visit: Visitor) -> None:
    desk = Desk(visit)
    desk.write("SELECT 1")
    desk.press("Home", "Tab")
    desk.has("  SELECT 1")
    desk.press("Escape", "Tab")
    desk.is_in("sql_run")
    desk.press("Shift+Tab")
    desk.is_in("editor")
    spoken = desk.page.get_attribute(EDITOR, "aria-label")
    assert spoken is not None
    assert "Escape, potem Tab" in spoken


def test_the_place_of_an_error_is_marked_until_the_text_changes(visit: Visitor) -> None:
    desk = Desk(visit)
    desk.write("SELECT 'zażółć 🐈', 2\nFROM usage WHERE nope > 1")
    desk.press("ControlOrMeta+Enter")
    desk.page.wait_for_selector(".cm-lintRange-error")
    desk.visit.settled()
    mark = desk.page.wait_for_selector(".cm-lintRange-error")
    assert mark is not None
    assert mark.inner_text() == "nope"
    assert "Wiersz 2, kolumna 18" in desk.visit.text()
    assert desk.page.get_attribute(EDITOR, "aria-invalid") == "true"
    desk.press("ControlOrMeta+End")
    desk.page.keyboard.type("0")
    desk.page.wait_for_selector(".cm-lintRange-error", state="detached")


def test_a_saved_query_replaces_the_text_and_a_period_or_reload_does_not(visit: Visitor) -> None:
    desk = Desk(visit)
    desk.write("SELECT 'saved'")
    desk.page.fill(".st-key-sql_name input", "Z edytora")
    desk.press("Tab")
    desk.page.click(".st-key-sql_save button:not([disabled])")
    saved = desk.page.locator(".st-key-card_saved [data-testid=stHorizontalBlock]", has_text="Z edytora")
    saved.first.wait_for()
    desk.write("SELECT 'mine'")
    desk.page.click(".st-key-period")
    desk.page.click("[role=option]:has-text('30 dni')")
    desk.page.wait_for_url("**period=30d*")
    desk.visit.settled()
    desk.has("SELECT 'mine'")
    desk.page.reload()
    desk.page.wait_for_selector(EDITOR)
    desk.visit.settled()
    desk.has("SELECT 'mine'")
    saved.first.get_by_role("button", name="Wczytaj").click()
    desk.has("SELECT 'saved'")
    desk.go_in()
    desk.press("ControlOrMeta+z")
    desk.has("SELECT 'mine'")


def test_without_the_editor_the_plain_field_does_everything(visit: Visitor) -> None:
    seen = visit("analyst", path="/users")
    seen.page.route("**/sql-editor/**", lambda route: route.abort())
    seen.go("/sql")
    field = ".editor[data-surface=plain] textarea"
    seen.page.fill(field, "SELECT 7 AS seven")
    seen.page.click(".st-key-sql_run button")
    seen.page.wait_for_selector(RESULT)
    seen.settled()
    seen.page.fill(field, "SELEC 8")
    seen.page.press(field, "Control+Enter")
    seen.page.wait_for_selector(".st-key-card_sql .m-notice:has-text('Wiersz 1')")
    seen.settled()
    seen.page.click("[data-sql-insert=usage] >> nth=0")
    assert seen.page.input_value(field) == "SELEC 8 usage"
    expected = ("ERR_FAILED", "the plain text field stays")
    seen.complaints[:] = [said for said in seen.complaints if not any(part in said for part in expected)]


def test_only_the_sql_page_fetches_the_editor_and_only_once(visit: Visitor) -> None:
    seen = visit("analyst", path="/users")
    asked: list[str] = []
    seen.page.on("response", lambda answer: asked.append(answer.url) if "/sql-editor/" in answer.url else None)
    seen.go("/users")
    assert asked == []
    seen.go("/sql")
    seen.page.wait_for_selector(EDITOR)
    assert len(asked) == 1


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_colour_can_be_read(dark: bool, phone: bool, visit: Visitor) -> None:
    desk = Desk(visit, dark=dark, phone=phone)
    desk.page.fill(EDITOR, "-- a comment\nSELECT day::DATE AS d, sum(requests), 'it''s', 12.5, NULL\nFROM usage (")
    desk.page.wait_for_selector(".cm-line span:has-text('comment')")
    found = desk.page.evaluate(CONTRASTS)
    assert len(found) >= 7
    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}
    assert desk.page.evaluate("() => document.querySelector('.stMain').scrollWidth <= window.innerWidth")


CONTRASTS = """() => {
    const root = document.querySelector('.st-key-sql_editor [data-testid=stBidiComponentIsolated]').shadowRoot;
    const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const light = (...layers) => {
        context.clearRect(0, 0, 1, 1);
        for (const layer of layers) { context.fillStyle = layer; context.fillRect(0, 0, 1, 1); }
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map(
            part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = getComputedStyle(root.querySelector('.code')).backgroundColor;
    const active = root.querySelector('.cm-activeLine');
    const grounds = active ? [ground, getComputedStyle(active).backgroundColor] : [ground];
    const found = {};
    for (const piece of root.querySelectorAll('.cm-line span, .cm-lineNumbers .cm-gutterElement, .hint, label')) {
        if (!piece.textContent.trim()) continue;
        const [one, other] = [light(getComputedStyle(piece).color), light(...grounds)];
        found[piece.textContent] = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    }
    return found;
}"""
