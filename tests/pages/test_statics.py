"""Streamlit's files arrive compressed, and nothing else of the machine arrives at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import streamlit
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from pages.parts.statics import Statics, compressed

FILES = Path(streamlit.__file__).parent / "static" / "static"
SCRIPT = next((FILES / "js").glob("index.*.js"))
browser = TestClient(Statics(PlainTextResponse("behind")))


def test_a_script_is_compressed_once_and_kept_for_ever() -> None:
    answer = browser.get(f"/static/js/{SCRIPT.name}")
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    assert answer.content == SCRIPT.read_bytes()
    body = compressed(f"js/{SCRIPT.name}")
    assert body is not None
    assert gzip.decompress(body) == SCRIPT.read_bytes()
    assert len(body) < SCRIPT.stat().st_size / 2


def test_everything_else_goes_through() -> None:
    assert browser.get(f"/static/js/{SCRIPT.name}", headers={"accept-encoding": "identity"}).text == "behind"
    assert browser.get("/static/js/not-there.js").text == "behind"
    assert browser.get("/users").text == "behind"
    assert compressed("../../config.py") is None
    assert compressed("../index.html") is None
    assert compressed("/etc/hostname") is None
