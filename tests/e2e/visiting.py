"""A browser profile on the site, as a person with a role uses it; what it must never do is collected on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.site import ROOT, Site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PICTURES = ROOT / ".pictures"
"""Ignored by git; looked at by people."""
WIDE, MIDDLING, PHONE = {"width": 1440, "height": 900}, {"width": 1024, "height": 768}, {"width": 390, "height": 844}
_TALLEST = 6000
PATIENCE_MS = 60_000
"""Every wait in the browser ends as soon as what it waits for is there: this is how long a busy machine may take."""

_STATE = "data-test-script-state"
_GO_INSIDE = """([path, state]) => {
    window.cameFrom = document.querySelector('.m-head').innerHTML;
    const app = document.querySelector('.stApp');
    if (new URL(path, location).pathname === location.pathname) new MutationObserver((_, observer) => {
        if (app.getAttribute(state) !== 'running') return;
        delete window.cameFrom;
        observer.disconnect();
    }).observe(app, {attributeFilter: [state]});
    history.pushState(null, '', path);
    window.dispatchEvent(new PopStateEvent('popstate'));
}"""
"""Another page has another heading; a run that is seen says less: a part of the page may just be looking by itself.
On the same page a quick run can begin and end in one stroke: then the heading tells that something changed."""
_ARRIVED = f"""() => document.querySelector('.m-head h1')
    && window.cameFrom !== document.querySelector('.m-head').innerHTML
    && document.querySelector('.stApp[{_STATE}=notRunning]') && !document.querySelector('[data-stale=true]')"""


@dataclass
class Visit:
    page: playwright.Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    """What was asked of other hosts, and what stands in the console."""

    def go(self, path: str = "/") -> None:
        """As if the address had been typed: a new session of the page."""
        self.page.goto(self.site.address + path)
        self.settled()

    def go_inside(self, path: str) -> None:
        """As a link of ours does it: the page changes inside the running session."""
        self.page.evaluate(_GO_INSIDE, [path, _STATE])
        self.settled()

    def settled(self) -> None:
        self.page.wait_for_function(_ARRIVED)

    def text(self) -> str:
        return " ".join(self.page.inner_text("body").replace("\u00a0", " ").split())

    def excuse(self, *parts: str) -> None:
        """Complaints that belong to what the test did on purpose."""
        self.complaints[:] = [said for said in self.complaints if not any(part in said for part in parts)]

    def is_wider_than_the_screen(self) -> bool:
        """For good: charts take the width of a screen that was turned a moment after it."""
        try:
            self.page.wait_for_function(
                "() => [document.documentElement, document.querySelector('.stMain')]"
                ".every(part => !part || part.scrollWidth <= part.clientWidth)"
            )
        except playwright.TimeoutError:
            return True
        return False

    def tables_wider_than_their_place(self) -> list[str]:
        """Those that hide columns until they are pushed sideways, by their headings."""
        found: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('.m-scroll')]"
            ".filter(place => place.scrollWidth > place.clientWidth + 1)"
            ".map(place => place.querySelector('thead').innerText)"
        )
        return found

    def picture(self, name: str) -> None:
        """The whole page, however long."""
        PICTURES.mkdir(exist_ok=True)
        size = self.page.viewport_size or WIDE
        height = self.page.evaluate("() => document.querySelector('.stMain')?.scrollHeight ?? 0")
        self.page.set_viewport_size({"width": size["width"], "height": min(max(height, size["height"]), _TALLEST)})
        self.page.wait_for_timeout(150)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"))
        self.page.set_viewport_size(size)

    def tooltip(self, share: float) -> str:
        """What the first chart tells at a place between its left (0) and its right edge (1)."""
        chart = self.page.locator(".stPlotlyChart .nsewdrag").first
        chart.scroll_into_view_if_needed()
        until = time.monotonic() + PATIENCE_MS / 1000
        while True:  # a chart that has just been drawn, or moves, does not see the mouse
            box = chart.bounding_box()
            assert box is not None
            self.page.mouse.move(0, 0)
            self.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
            try:
                self.page.wait_for_selector(".hoverlayer text", timeout=2_000)
                return self.page.locator(".hoverlayer").first.text_content() or ""
            except playwright.TimeoutError:
                if time.monotonic() > until:
                    raise

    def downloaded(self, button: str) -> bytes:
        with self.page.expect_download() as waiting:
            self.page.click(f".st-key-download_{button} button")
        return Path(waiting.value.path()).read_bytes()


def open_context(chromium: playwright.Browser, language: str, *, phone: bool, dark: bool) -> playwright.BrowserContext:
    context = chromium.new_context(
        viewport=PHONE if phone else WIDE, locale="pl-PL" if language == "pl" else "en-GB",
        color_scheme="dark" if dark else "light", is_mobile=phone, has_touch=phone, accept_downloads=True,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    return context


def watch(context: playwright.BrowserContext, site: Site, complaints: list[str]) -> None:
    """No other host, nothing in the console, nothing that scripts cannot catch."""
    own = (site.address, site.address.replace("http", "ws"), "data:", "blob:")

    def asked(request: playwright.Request) -> None:
        if not request.url.startswith(own):
            complaints.append(f"asked another host: {request.url}")

    def said(message: playwright.ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"console: {message.text} {message.location.get('url', '')}")

    context.on("request", asked)
    context.on("console", said)
    context.on("weberror", lambda error: complaints.append(f"thrown: {error.error}"))
    context.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def log_in(visit: Visit, role: str, path: str = "/") -> None:
    visit.page.goto(f"{visit.site.address}/auth/demo-login?role={role}&next={quote(path, safe='')}")
    visit.settled()
