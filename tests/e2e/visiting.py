"""A browser profile on the site, as a person with a role uses it; what it must never do is collected on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.site import ROOT, Site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PICTURES = ROOT / ".pictures"
"""Ignored by git; looked at by people."""
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_TALLEST = 6000

_STATE = "data-test-script-state"
_GO_INSIDE = """([path, state]) => {
    window.cameFrom = document.querySelector('.m-head').innerHTML;
    new MutationObserver((_, observer) => { delete window.cameFrom; observer.disconnect(); })
        .observe(document.querySelector('.stApp'), {attributeFilter: [state]});
    history.pushState(null, '', path);
    window.dispatchEvent(new PopStateEvent('popstate'));
}"""
"""A quick run can begin and end in one stroke: then the heading tells that the page is another one."""
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
        self.page.wait_for_function(_ARRIVED, timeout=30_000)

    def text(self) -> str:
        return " ".join(self.page.inner_text("body").replace("\u00a0", " ").split())

    def excuse(self, *parts: str) -> None:
        """Complaints that belong to what the test did on purpose."""
        self.complaints[:] = [said for said in self.complaints if not any(part in said for part in parts)]

    def is_wider_than_the_screen(self) -> bool:
        too_wide: bool = self.page.evaluate(
            "() => [document.documentElement, document.querySelector('.stMain')]"
            ".some(part => part && part.scrollWidth > part.clientWidth)"
        )
        return too_wide

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
        box = chart.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        self.page.wait_for_selector(".hoverlayer text")
        return self.page.locator(".hoverlayer").first.text_content() or ""

    def downloaded(self, button: str) -> bytes:
        with self.page.expect_download() as waiting:
            self.page.click(f".st-key-download_{button} button")
        return Path(waiting.value.path()).read_bytes()


def open_context(chromium: playwright.Browser, language: str, *, phone: bool, dark: bool) -> playwright.BrowserContext:
    return chromium.new_context(
        viewport=PHONE if phone else WIDE, locale="pl-PL" if language == "pl" else "en-GB",
        color_scheme="dark" if dark else "light", is_mobile=phone, has_touch=phone, accept_downloads=True,
    )  # fmt: skip


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
