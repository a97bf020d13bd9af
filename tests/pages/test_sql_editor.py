"""The SQL page's editor: the committed bundle is the one of the source, and what is typed is never lost on the way."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from mai_core.sandbox.relations import RELATIONS
from pages.parts.running import Running
from pages.parts.sql_editor import bundle
from pages.parts.sql_editor.editor import Draft
from pages.parts.statics import Statics
from tests.pages.conftest import ACME, TODAY, Desk, Opener, _all, markup_of

ROOT = Path(__file__).parents[2]
FRONTEND = bundle.FILE.parent / "frontend"
BUNDLE = bundle.FILE.read_text("utf-8")


def test_the_bundle_is_built_from_this_source() -> None:
    names = sorted([*(f"src/{path.name}" for path in (FRONTEND / "src").iterdir()), "build.mjs", *_MANIFESTS])
    sources = hashlib.sha256()
    for name in names:
        sources.update(name.encode() + b"\0" + (FRONTEND / name).read_bytes() + b"\0")
    assert _said("sources") == sources.hexdigest(), "run `make editor`"
    body = BUNDLE.split("*/\n", 1)[1]
    assert _said("body") == hashlib.sha256(body.encode()).hexdigest(), "run `make editor`"


_MANIFESTS = ("package.json", "package-lock.json")


def _said(what: str) -> str:
    found = re.search(rf"^{what} sha256:(\w+)$", BUNDLE, re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.skipif(
    not shutil.which("node") or not (FRONTEND / "node_modules" / "esbuild").exists(),
    reason="needs node and the packages that `make editor` installs; the digests are compared without",
)
def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path / "again.js")], cwd=FRONTEND, check=True, capture_output=True)
    assert (tmp_path / "again.js").read_bytes() == bundle.FILE.read_bytes()


def test_every_package_is_pinned_and_no_registry_is_named() -> None:
    manifest, lock = (json.loads((FRONTEND / name).read_text()) for name in _MANIFESTS)
    assert manifest["devDependencies"]["codemirror"] == "6.0.2", "the newest on the registry is the version before 6"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in manifest["devDependencies"].values())
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert all(about["integrity"].startswith("sha512-") for about in packages.values())
    assert [name for name, about in packages.items() if "resolved" in about] == []


def test_the_bundle_is_small_names_its_licences_and_calls_nobody() -> None:
    assert bundle.FILE.stat().st_size < 500_000
    assert len(bundle.compressed()) < 160_000
    assert "MIT License" in BUNDLE
    body = BUNDLE.split("*/\n", 1)[1]
    assert set(re.findall(r"https?://[\w./]+", body)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bfetch\(|XMLHttpRequest|importScripts|\bimport\(", body)


def test_the_image_gets_the_bundle_and_not_what_it_was_built_with() -> None:
    assert "COPY pages ./pages" in (ROOT / "Dockerfile").read_text()
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert "**/node_modules" in left_out
    assert not [pattern for pattern in left_out if pattern.endswith(".js")]


def test_every_word_that_is_offered_is_one_of_duckdbs() -> None:
    words = dict(re.findall(r"const (KEYWORDS|TYPES|FUNCTIONS) =\n((?:  \"[^\"]*\"(?: \+)?\n)+)", _source("duckdb.js")))
    offered = {kind: set(" ".join(re.findall(r'"([^"]*)"', text)).split()) for kind, text in words.items()}
    with duckdb.connect() as db:

        def known(column: str, function: str) -> set[str]:
            return {name.lower() for (name,) in db.execute(f"SELECT DISTINCT {column} FROM {function}()").fetchall()}

        functions = known("function_name", "duckdb_functions")
        assert offered["KEYWORDS"] - known("keyword_name", "duckdb_keywords") == set()
        assert offered["TYPES"] - known("type_name", "duckdb_types") - functions == set()
        assert offered["FUNCTIONS"] - functions - {"coalesce", "nullif"} == set()


def _source(name: str) -> str:
    return (FRONTEND / "src" / name).read_text("utf-8")


browser = TestClient(Statics(PlainTextResponse("behind")))


def test_the_bundle_is_sent_compressed_and_kept_for_ever() -> None:
    answer = browser.get(bundle.address())
    assert answer.content == bundle.FILE.read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    assert browser.get("/sql-editor/0000.js").text == "behind"


def sent(text: str, version: int = 0, at: int = 1) -> dict[str, object]:
    return {"text": text, "version": version, "at": at}


def test_what_is_typed_is_kept() -> None:
    draft = Draft("example", untouched=True)
    assert draft.take(sent("SELECT 1"))
    assert (draft.text, draft.untouched) == ("SELECT 1", False)


def test_what_was_typed_before_a_query_was_loaded_does_not_come_back() -> None:
    draft = Draft("example", untouched=True)
    draft.replace("loaded")
    assert not draft.take(sent("typed before", version=0, at=9))
    assert draft.text == "loaded"
    assert draft.take(sent("typed after", version=1, at=10))
    assert draft.text == "typed after"


def test_an_older_telling_does_not_undo_a_newer_one() -> None:
    """Leaving the editor and Ctrl+Enter go different ways; Streamlit repeats the former at every run."""
    draft = Draft("example", untouched=True)
    assert draft.take(sent("run", at=7))
    assert not draft.take(sent("left", at=5))
    assert draft.text == "run"


@pytest.mark.parametrize("nonsense", [None, "SELECT 1", 7, {}, {"text": 5, "version": 0, "at": 1}, {"text": "x"}])
def test_what_no_editor_sends_is_passed_over(nonsense: object) -> None:
    draft = Draft("example", untouched=True)
    assert not draft.take(nonsense)
    assert draft.text == "example"


def data_of(page: AppTest) -> dict[str, Any]:
    """What the editor in the browser is told."""
    proto = next(element.proto for element in _all(page) if element.type == "bidi_component")  # type: ignore[attr-defined]
    told: dict[str, Any] = json.loads(proto.json or proto.mixed.json)
    return told


def test_the_editor_knows_the_relations_that_the_schema_panel_shows(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("analyst"), "sql")
    told = data_of(page)
    assert {one["name"]: [column["name"] for column in one["columns"]] for one in told["relations"]} == {
        relation.name: [column.name for column in relation.columns] for relation in RELATIONS
    }
    insertable = re.findall(r'data-sql-insert="(\w+)"', markup_of(page))
    assert insertable == [name for one in RELATIONS for name in (one.name, *(column.name for column in one.columns))]
    assert told["labels"]["title"] == "Zapytanie"
    assert told["bundle"] == bundle.address()


def test_a_link_with_a_query_fills_the_editor(desk: Desk, open_page: Opener) -> None:
    told = data_of(open_page(desk.login("analyst"), "sql", sql="SELECT 42"))
    assert (told["text"], told["untouched"]) == ("SELECT 42", False)


def test_a_period_and_another_run_leave_the_text_alone(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("analyst"), "sql")
    page.session_state["sql_draft"].take(sent("SELECT 1 -- mine"))
    before = data_of(page.run())
    after = data_of(page.selectbox(key="period").select("year").run())
    assert (after["text"], after["version"]) == ("SELECT 1 -- mine", before["version"])


def test_a_query_of_the_history_replaces_the_text(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("analyst"), "sql")
    page.session_state["sql_history"] = ["SELECT 'earlier'"]
    page.run()
    told = data_of(page.button(key="history_load_0").click().run())
    assert (told["text"], told["version"], told["untouched"]) == ("SELECT 'earlier'", 1, False)


def test_a_query_asks_for_the_chosen_days(desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Running, "start", lambda running: running)
    page = open_page(desk.login("analyst"), "sql", period="last_month")
    page.button(key="sql_run").click().run()
    running = page.session_state["sql_running"]
    assert (running.first.isoformat(), running.last.isoformat()) == ("2026-09-01", "2026-09-30")


def test_a_wrong_query_is_marked_where_it_is_wrong(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("analyst"), "sql")
    assert data_of(page)["mark"] is None
    page.session_state["sql_running"] = running = _ended("SELECT 1,\n  nope")
    running.refusal = {"problem": "sql", "message": "no such column", "line": 2, "column": 3}
    mark = data_of(page.run())["mark"]
    assert mark == {
        "id": running.query_id, "sql": "SELECT 1,\n  nope", "line": 2, "column": 3,
        "message": "Wiersz 2, kolumna 3: no such column",
    }  # fmt: skip


def _ended(sql: str) -> Running:
    today = date.fromisoformat(TODAY)
    return Running(sql, "token", ACME, today, today, done=True)


@pytest.mark.parametrize("path", ["sql", "billing"])
def test_all_clients_is_a_choice_right_there_not_a_dead_end(path: str, desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), path)
    page.selectbox(key="client_here").select(ACME).run()
    assert page.query_params["client"] == ACME
    assert "client_here" not in [box.key for box in page.selectbox]
    assert "Acme sp. z o.o." in markup_of(page)
