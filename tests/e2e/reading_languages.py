"""Which words of the wrong language stand on a page: the catalogue itself says whose a word is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing

import apsw

from mai_core.language.catalogue import MESSAGES
from tests.e2e.site import Site
from tests.e2e.visiting import Visit

_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = {
    "en": "the and are this that your with from not was were has have will can for you all any each its of is by an",
    "pl": "jest nie dla oraz lub przez przed jeszcze gdy jako pod nad bez aby więc tylko czy też już się na od po przy",
}
_IN_BOTH = {"max", "min", "test", "log", "status", "open"}
"""Said in Polish as well, or parts of names (Open WebUI): no proof of English."""
_POLISH_LETTER = re.compile(r"[ąćęłńóśźż]", re.IGNORECASE)

_READ = """skipped => {
    const hidden = skipped.join(','), found = [];
    const nodes = document.createTreeWalker(document.querySelector('.stApp'), NodeFilter.SHOW_ALL);
    while (nodes.nextNode()) {
        const node = nodes.currentNode, near = node.nodeType === 1 ? node : node.parentElement;
        if (!near || near.closest(hidden)) continue;
        if (node.nodeType === 3) found.push(node.data);
        else if (node.nodeType === 1 && node.placeholder && !node.value) found.push(node.placeholder);
        else if (node.nodeType === 1 && node.closest('.stHtml'))
            for (const name of ['title', 'aria-label', 'alt', 'data-label'])
                if (node.getAttribute(name)) found.push(node.getAttribute(name));
    }
    return found.join(' \\n ');
}"""
_SKIPPED = (
    "[lang=en]", "code", "pre", "textarea", ".cm-editor", ".st-key-card_schema", "script", "style",
    "[data-testid=stIconMaterial]", ".st-key-language",
)  # fmt: skip
"""SQL and its names, what machines reported, what settings are called, the button that offers the other language."""


def foreign_words(visit: Visit, language: str) -> list[str]:
    """Words of the page that only the other language has; names of people, clients, models and files are nobody's."""
    text = visit.page.evaluate(_READ, list(_SKIPPED))
    for name in sorted(_data(visit.site), key=len, reverse=True):
        text = text.replace(name, " ")
    text = re.sub(r"\S*_\S*", " ", text)  # identifiers
    found = {word.lower() for word in _WORD.findall(text)}
    other = "en" if language == "pl" else "pl"
    foreign = found & _only(other)
    if language == "en":
        foreign |= {word for word in found if _POLISH_LETTER.search(word)}
    return sorted(foreign)


def _only(language: str) -> set[str]:
    """What is said in this language and never in the other."""
    polish, english = (_words(text for pair in MESSAGES.values() for text in _forms(pair[place])) for place in (0, 1))
    mine, others = (polish, english) if language == "pl" else (english, polish)
    return (mine | set(_COMMON[language].split())) - others - _IN_BOTH


def _forms(text: object) -> Iterable[str]:
    return [str(form) for form in text.values()] if isinstance(text, dict) else [str(text)]


def _words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in _WORD.findall(re.sub(r"\{[^}]*\}", " ", text))}


_NAMES = """
SELECT name FROM client_organizations UNION SELECT id FROM client_organizations
UNION SELECT name FROM people UNION SELECT department FROM people UNION SELECT email FROM people
UNION SELECT name FROM accounts UNION SELECT email FROM accounts
UNION SELECT external_user FROM usage_daily UNION SELECT model FROM usage_daily UNION SELECT provider FROM usage_daily
UNION SELECT file FROM backups
"""


def _data(site: Site) -> set[str]:
    with closing(apsw.Connection(str(site.ledger), flags=apsw.SQLITE_OPEN_READONLY)) as ledger:
        names = {str(name) for (name,) in ledger.execute(_NAMES) if name}
    parts = {part for name in names for part in name.split("/") if len(part) > 2}
    return names | parts
