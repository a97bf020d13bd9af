"""An event that the API has acknowledged stands in every report, each read in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.builders import CLIENT

ROOT = Path(__file__).parents[2]
GENEROUS_S = 120
SECRET = "webhook-secret-0123456789"
_AS_PAGES = """
import sys
from datetime import date
from mai_core.reports import Reporting, Viewer
from mai_core.settings import load_settings

reporting = Reporting.of_ledger_file(load_settings())
days = [date.fromisoformat(day) for day in sys.argv[2:]]
print(reporting.rows("totals", Viewer("manager", sys.argv[1]), *days)[0]["requests"])
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    told = {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "CLIENT_ORG_ID": CLIENT,
        "ORGANIZATION_NAME": "Acme sp. z o.o.",
        "OPENROUTER_WEBHOOK_SECRET": SECRET,
        "MAI_CLIENT_TOKEN": "client-token-0123456789",
    }
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **told}


@pytest.fixture
def api(environment: dict[str, str]) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "uvicorn", "api:app", "--port", str(port), "--log-level", "warning"]
    with (
        subprocess.Popen(words, cwd=ROOT, env=environment) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=GENEROUS_S) as client,
    ):
        try:
            wait_until_it_answers(client, server)
            yield client
        finally:
            server.terminate()


def wait_until_it_answers(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + GENEROUS_S
    while time.monotonic() < until:
        assert server.poll() is None, "the API did not start"
        try:
            client.get("/health")
            return
        except httpx.TransportError:
            continue
    raise AssertionError(f"the API did not answer within {GENEROUS_S} s")


def test_the_first_look_after_the_answer_has_the_new_event(api: httpx.Client, environment: dict[str, str]) -> None:
    today = datetime.now(UTC).date()
    days = [str(today - timedelta(days=1)), str(today + timedelta(days=1))]
    asked = {"from": days[0], "to": days[1]}
    reader = {"Authorization": "Bearer client-token-0123456789"}

    def over_http() -> int:
        answer = api.get("/api/v1/reports/totals", params=asked, headers=reader).raise_for_status()
        return int(answer.json()["rows"][0]["requests"])

    def exported() -> int:
        text = api.get("/api/v1/export", params=asked, headers=reader).raise_for_status().content.decode("utf-8-sig")
        return sum(int(row["requests"]) for row in csv.DictReader(io.StringIO(text)))

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def by_sql() -> int:
        query = "SELECT coalesce(sum(requests), 0)::BIGINT AS requests FROM usage"
        return int(run("-m", "mai_core", "sql", query, "--client", CLIENT, "--format", "csv").split()[-1])

    def by_pages() -> int:
        return int(run("-c", _AS_PAGES, CLIENT, *days))

    for sent, look in enumerate((over_http, exported, by_sql, by_pages), start=1):
        post(api, f"gen-{int(time.time())}-{sent}")
        assert look() == sent, look.__name__
    assert [look() for look in (over_http, exported, by_sql, by_pages)] == [4, 4, 4, 4]


def post(api: httpx.Client, generation_id: str) -> None:
    usage = {"model": "openai/gpt-4o", "prompt_tokens": 10, "completion_tokens": 4, "cost": 0.1}
    event = {"specversion": "1.0", "type": "completion", "id": generation_id, "source": "gateway", "subject": "anna"}
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/cloudevents+json"}
    answer = api.post("/api/v1/events", content=json.dumps({**event, "data": usage}), headers=headers)
    assert answer.status_code == 204
