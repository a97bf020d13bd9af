"""Streamlit's start page with our name, language, icon and font, and told where its server is.

Without the address the browser probes `/<page>/_stcore/...` first and logs two errors on every deep link.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import streamlit

from mai_core.language.words import Language, Words

_INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
_SERVER = "<script>window.__streamlit={BACKEND_BASE_URL:location.origin+'/'}</script>"
_LINKS = """<script>
// A link of ours changes the page inside the running session; with a modifier key it opens a tab.
document.addEventListener("click", event => {
  const link = event.target.closest && event.target.closest('.stHtml a[href^="/"]');
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || event.defaultPrevented || event.button || modified) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  window.dispatchEvent(new PopStateEvent("popstate"));
  const main = document.querySelector(".stMain");
  if (main) main.scrollTo(0, 0);
});
</script>"""
_OWN_WORDS = """<script>
// What Streamlit says by itself it says in English, and of a lost connection not what matters: that figures may be old.
addEventListener("DOMContentLoaded", () => {
  const dialogs = %s, skip = %s;
  new MutationObserver(() => {
    const title = document.querySelector("[role=dialog] h2"), said = title && dialogs[title.textContent];
    if (!said) return;
    title.firstChild.nodeValue = said[0];
    title.nextElementSibling.firstElementChild.firstChild.nodeValue = said[1];
  }).observe(document.body, {childList: true});
  const first = new MutationObserver(() => {
    const link = document.querySelector("[data-testid=stSkipToContent]");
    if (!link) return;
    link.firstChild.nodeValue = skip;
    first.disconnect();
  });
  first.observe(document.body, {childList: true, subtree: true});
});
</script>"""
_ICON = '<link rel="icon" type="image/svg+xml" href="/app/static/icon.svg">'
_FONT = (
    '<link rel="preload" as="font" type="font/woff2" crossorigin '
    'href="/app/static/fonts/inter-latin-wght-normal.woff2">'
)
_PAGE = re.compile(r"/[a-z_]{0,30}")


def is_page(path: str) -> bool:
    """What a person may type: `/` or `/models`; files and Streamlit's own addresses are not."""
    return _PAGE.fullmatch(path) is not None and not path.startswith("/_")


@lru_cache(maxsize=1)
def _chart_library() -> str:
    """Asked for early and quietly, so that it is there when the first chart comes; numbers do not wait for it."""
    found = sorted((_INDEX.parent / "static" / "js").glob("PlotlyChart.*.js"))
    return "".join(f'<link rel="prefetch" href="/static/js/{file.name}" as="script">' for file in found)


def _own_words(words: Words) -> str:
    dialogs = {
        "Connection error": [words("error.connection.title"), words("error.connection.text")],
        "Page not found": [words("error.page.title"), words("error.page.text")],
    }
    return _OWN_WORDS % (json.dumps(dialogs), json.dumps(words("nav.skip")))


@lru_cache(maxsize=4)
def html(language: Language) -> str:
    page = _INDEX.read_text("utf-8")
    page = page.replace('<html lang="en">', f'<html lang="{language}">')
    page = page.replace("<title>Streamlit</title>", "<title>mAI Usage</title>")
    page = re.sub(r'<link rel="shortcut icon"[^>]*>', _ICON, page)
    page = re.sub(r'<link\s+rel="preload"[^>]*SourceSans[^>]*>', _FONT, page)
    return (
        page.replace("<head>", f"<head>{_SERVER}{_LINKS}{_own_words(Words(language))}{_chart_library()}", 1)
        .replace('href="./', 'href="/')
        .replace('src="./', 'src="/')
    )
