"""The API's page is served whole by the API: no other host is asked for its parts."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient


def test_every_part_of_the_page_comes_from_here(api: TestClient) -> None:
    page = api.get("/docs")
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert page.status_code == 200
    assert len(parts) >= 3
    for part in parts:
        assert part.startswith("/docs/assets/")
        assert api.get(part).status_code == 200
    assert "http" not in page.text.replace("http://testserver", "")


def test_there_is_one_page_not_two(api: TestClient) -> None:
    assert api.get("/redoc").status_code == 404
