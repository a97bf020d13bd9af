"""OpenRouter's list of models, all modalities, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from mai_core.upstream.http import UpstreamError, get_json

MOST_PAGES = 50
_PAGE = "1000"


def fetch_models(api_url: str) -> list[Any]:
    """Every row of /models. A list that goes in circles is refused whole; one that stops early takes no price away."""
    url = f"{api_url.rstrip('/')}/models"
    params: dict[str, str] | None = {"output_modalities": "all", "offset": "0", "limit": _PAGE}
    rows: list[Any] = []
    seen = {url}
    for _ in range(MOST_PAGES):
        page = get_json(url, params=params)
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise UpstreamError(f"{url} answered with something that is not a list of models")
        rows += page["data"]
        following = (page.get("links") or {}).get("next") if isinstance(page.get("links"), dict) else None
        if not following:
            return rows
        url, params = _same_host(url, following), None
        if url in seen:
            raise UpstreamError(f"{url} leads back to itself: the list of models has no end")
        seen.add(url)
    raise UpstreamError(f"{url}: the list of models has more than {MOST_PAGES} pages")


def _same_host(url: str, following: object) -> str:
    """The next page, wherever the list says it is, but never on another host."""
    target = urljoin(url, str(following))
    if urlsplit(target)[:2] != urlsplit(url)[:2]:
        raise UpstreamError(f"{url}: the next page of the list of models is on another host")
    return target
