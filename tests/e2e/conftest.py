"""A demo company in a folder of its own, API and pages as real processes, and a real Chromium that may call nobody."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.e2e.visiting import Visit, log_in, open_context, playwright, watch

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]

Visitor = Callable[..., Visit]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The demo as it was made; nothing runs on it, so that it can be copied."""
    made = Site(tmp_path_factory.mktemp("demo"))
    made.make_demo()
    return made


@pytest.fixture(scope="session")
def site(demo: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from running(copy_of(demo, tmp_path_factory))


@pytest.fixture(scope="module")
def own_site(demo: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For a file that breaks things, or needs a server that nobody has asked for anything."""
    yield from running(copy_of(demo, tmp_path_factory))


def copy_of(demo: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(demo.folder, folder, dirs_exist_ok=True)
    return Site(folder)


def running(site: Site) -> Iterator[Site]:
    try:
        site.start("api", "app")
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium at /usr/bin/chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(chromium: playwright.Browser) -> Iterator[dict[object, tuple[playwright.BrowserContext, list[str]]]]:
    """Profiles that stay for the whole run: files that a browser keeps are fetched once per kind of visitor."""
    kept: dict[object, tuple[playwright.BrowserContext, list[str]]] = {}
    yield kept
    for context, _ in kept.values():
        context.close()


@pytest.fixture
def visit_to(
    chromium: playwright.Browser, contexts: dict[object, tuple[playwright.BrowserContext, list[str]]]
) -> Iterator[Visitor]:
    visits: list[Visit] = []
    ended: list[playwright.BrowserContext] = []

    def opened(
        site: Site,
        role: str | None = "manager",
        language: str = "pl",
        path: str = "/",
        *,
        phone: bool = False,
        dark: bool = False,
    ) -> Visit:
        kind = (site.address, role, language, phone, dark)
        if role is None or kind not in contexts:
            made = open_context(chromium, language, phone=phone, dark=dark)
            complaints: list[str] = []
            watch(made, site, complaints)
            if role is None:
                ended.append(made)
            else:
                contexts[kind] = made, complaints
        else:
            made, complaints = contexts[kind]
        visit = Visit(made.new_page(), site, complaints)
        visits.append(visit)
        if role is None:
            visit.page.goto(site.address + path)
        elif made.cookies():
            visit.go(path)
        else:
            log_in(visit, role, path)
        return visit

    yield opened
    complaints = [complaint for one in visits for complaint in one.complaints]
    for one in visits:
        one.complaints.clear()
        one.page.close()
    for context in ended:
        context.close()
    assert complaints == []


@pytest.fixture
def visit(visit_to: Visitor, site: Site) -> Visitor:
    return lambda *asked, **options: visit_to(site, *asked, **options)
