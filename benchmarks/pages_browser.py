"""What a person waits for, timed in a real browser: from click to new numbers, from address to first chart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LONGEST_MS = 30_000

# Times since the page's address was entered, and since the last option was clicked. New numbers stand when what the
# cards and the amounts say has changed for the last time before the page is at rest.
_WATCH = """
const said = () => [...document.querySelectorAll('.m-card .m-value, .m-amount')].map(one => one.textContent).join('|');
const drawn = () => document.querySelector('.js-plotly-plot .trace path');
const seen = window.seen = {clicked: null, numbers: null, finished: null, firstNumbers: null, chart: null};
let last = '';
const look = () => {
  const now = performance.now(), text = said();
  if (text && seen.firstNumbers === null) seen.firstNumbers = now;
  if (seen.chart === null && drawn()) seen.chart = now;
  if (seen.clicked === null || seen.finished !== null) return;
  if (text && text !== last) { last = text; seen.numbers = now - seen.clicked; }
  const app = document.querySelector('.stApp');
  if (seen.numbers !== null && app && app.dataset.testScriptState === 'notRunning') seen.finished = now - seen.clicked;
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, characterData: true, attributes: true,
  attributeFilter: ['data-test-script-state', 'd']});
document.addEventListener('click', event => {
  if (!event.target.closest('[role=option]')) return;
  last = said();
  Object.assign(seen, {clicked: performance.now(), numbers: null, finished: null});
}, true);
"""


@dataclass(frozen=True)
class Click:
    numbers_ms: float
    finished_ms: float


@dataclass(frozen=True)
class Opened:
    numbers_ms: float
    chart_ms: float | None


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """One browser profile: its cache stays warm between the pages it opens."""

    def __init__(self, browser: Browser, address: str, cookie: str = "") -> None:
        self.address = address
        self.context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900}, locale="pl-PL")
        if cookie:
            name, _, value = cookie.partition("=")
            self.context.add_cookies([{"name": name, "value": value, "url": address}])
        self.page: Page = self.context.new_page()
        self.page.add_init_script(_WATCH)

    def close(self) -> None:
        self.context.close()

    def open(self, path: str, *, chart: bool) -> Opened:
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/{path}", wait_until="commit")
        self.page.wait_for_function(
            f"() => seen.firstNumbers !== null && ({str(not chart).lower()} || seen.chart !== null)", timeout=LONGEST_MS
        )
        self.settled()
        told: dict[str, Any] = self.page.evaluate("seen")
        return Opened(told["firstNumbers"], told["chart"])

    def settled(self) -> None:
        self.page.wait_for_selector(".stApp[data-test-script-state=notRunning]", timeout=LONGEST_MS)
        self.page.wait_for_timeout(300)

    def choose(self, key: str, label: str) -> Click:
        box = self.page.locator(f".st-key-{key} [role=combobox]").first
        option = self.page.get_by_role("option", name=label, exact=True)
        box.scroll_into_view_if_needed()
        box.click()
        if not self._appears(option):  # a list that scrolling has closed again
            box.press("ArrowDown")
        option.click()
        self.page.wait_for_function("() => seen.finished !== null", timeout=LONGEST_MS)
        told: dict[str, Any] = self.page.evaluate("seen")
        self.page.wait_for_timeout(200)
        return Click(told["numbers"], told["finished"])

    def _appears(self, what: Locator) -> bool:
        try:
            what.wait_for(timeout=1000)
        except TimeoutError:
            return False
        return True


def cold_transfer(browser: Browser, address: str, cookie: str, path: str, *, chart: bool) -> int:
    """Bytes over the wire with an empty cache, websocket included, until nothing more comes."""
    visitor = Visitor(browser, address, cookie)
    received = 0

    def loaded(event: dict[str, Any]) -> None:
        nonlocal received
        received += int(event["encodedDataLength"])

    def framed(event: dict[str, Any]) -> None:
        nonlocal received
        received += len(event["response"]["payloadData"]) * 3 // 4

    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", loaded)
    session.on("Network.webSocketFrameReceived", framed)
    visitor.open(path, chart=chart)
    visitor.page.wait_for_timeout(1500)
    visitor.close()
    return received
