"""The shared exchange-rate service: NBP asked once, and what it has when NBP is down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mai_core.clock import Clock
from mai_core.days import parse_instant_ms
from mai_core.installation import open_installation
from mai_core.rate_refresh import refresh_rates
from mai_core.settings import Settings, load_settings
from mai_core.store import rates
from nbp_service.app import create_app
from nbp_service.known_tables import KnownTables, merged
from tests.upstream.servers import FakeNbp, broken

EVENING = "2026-11-20T18:00:00Z"

Serve = Callable[..., TestClient]


@pytest.fixture
def nbp(httpserver: HTTPServer) -> FakeNbp:
    return FakeNbp(httpserver)


@pytest.fixture
def service(tmp_path: Path, nbp: FakeNbp) -> Iterator[Serve]:
    """The service at an instant; it asks NBP by itself only when it starts."""
    with ExitStack() as stack:

        def start(instant: str = EVENING, **more: str) -> TestClient:
            app = create_app(at(instant, tmp_path, nbp.url, **more))
            return stack.enter_context(TestClient(app))

        yield start


def at(instant: str, tmp_path: Path, url: str, **more: str) -> Settings:
    return load_settings(
        {"MAI_CLOCK": instant, "MAI_DATA_DIR": str(tmp_path / "nbp"), "NBP_API_URL": url, **more}, tmp_path / ".env"
    )


def test_health_is_exactly_this(service: Serve) -> None:
    assert service().get("/health").text == '{"status":"healthy","service":"nbp-rate-service"}'


def test_todays_rate(service: Serve) -> None:
    answer = service().get("/api/usd-pln-rate").json()
    assert answer.pop("age_s") in range(60)
    assert answer.pop("fetched_at").startswith("2026-11-20T18:0")
    assert answer == {"rate": "3.6543", "table_no": "324/A/NBP/2026", "effective_date": "2026-11-20"}


def test_a_sunday_has_fridays_rate_and_a_day_to_come_the_last_one(service: Serve) -> None:
    client = service()
    assert client.get("/api/usd-pln-rate?date=2026-05-03").json()["effective_date"] == "2026-05-01"
    assert client.get("/api/usd-pln-rate?date=2027-01-01").json()["effective_date"] == "2026-11-20"


@pytest.mark.parametrize(
    "query", ["?date=heute", "?date=2026-13-40", "/range?from=2026-02-01", "/range?from=2026-02-02&to=2026-02-01"]
)
def test_a_question_that_cannot_be_answered_is_422(service: Serve, query: str) -> None:
    assert service().get(f"/api/usd-pln-rate{query}").status_code == 422


def test_a_range_says_for_which_days_it_is_complete(service: Serve, nbp: FakeNbp) -> None:
    answer = service("2026-11-20T08:00:00Z").get("/api/usd-pln-rate/range?from=2026-11-18&to=2026-11-25").json()
    assert [row["effective_date"] for row in answer["rates"]] == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert (answer["currency"], answer["answered_from"], answer["answered_through"]) == (
        "USD",
        "2026-11-18",
        "2026-11-19",
    )


def test_what_is_known_is_not_asked_for_again(service: Serve, nbp: FakeNbp) -> None:
    client = service()
    client.get("/api/usd-pln-rate/range?from=2026-01-01&to=2026-11-20")
    questions = len(nbp.asked)
    for query in ("", "?date=2026-06-15", "/range?from=2026-03-01&to=2026-04-01"):
        client.get(f"/api/usd-pln-rate{query}")
    assert len(nbp.asked) == questions


def test_many_callers_are_one_question(tmp_path: Path, nbp: FakeNbp) -> None:
    """All wait for the one that asks; none asks again."""
    release, faithful = threading.Event(), threading.Event()

    def slow(request: Request) -> Response:
        faithful.set()
        release.wait(60)
        nbp.answer = None
        return nbp._range(request)

    nbp.answer = slow
    known = KnownTables(nbp.url, 7200, Clock.starting_at(parse_instant_ms(EVENING)))
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(known.bring, date(2026, 11, 1), date(2026, 11, 20)) for _ in range(8)]
        assert faithful.wait(60)
        release.set()
        for one in waiting:
            one.result()
    assert len(nbp.asked) == 2, "the slow question and its own answer"
    assert known.not_after(date(2026, 11, 20)) is not None


def test_whoever_lacks_the_beginning_waits_for_the_one_that_asks(nbp: FakeNbp) -> None:
    """Else the answer would hold two weeks of three months, and nobody would have asked for the rest."""
    known = KnownTables(nbp.url, 7200, Clock.starting_at(parse_instant_ms(EVENING)))
    known.bring(date(2026, 11, 16), date(2026, 11, 18))
    asking = threading.Lock()
    asking.acquire()
    waits = threading.Event()

    class Asking:
        def acquire(self, blocking: bool) -> bool:
            if blocking:
                waits.set()
            return asking.acquire(blocking)

        def release(self) -> None:
            asking.release()

    known._asking = Asking()  # type: ignore[assignment]
    known.bring(date(2026, 11, 16), date(2026, 11, 20))
    assert not waits.is_set(), "what is known waits for nobody"
    with ThreadPoolExecutor(1) as pool:
        longer = pool.submit(known.bring, date(2026, 9, 1), date(2026, 11, 20))
        began = waits.wait(60)
        asking.release()
        longer.result()
    assert began
    assert known.complete_through(date(2026, 9, 1), date(2026, 11, 20)) == date(2026, 11, 20)


def test_with_nbp_down_it_serves_what_it_has_and_says_how_old(service: Serve, nbp: FakeNbp) -> None:
    service("2026-11-19T18:00:00Z").get("/api/usd-pln-rate")
    nbp.answer = broken
    answer = service("2026-11-20T18:00:00Z").get("/api/usd-pln-rate").json()
    assert (answer["effective_date"], answer["fetched_at"][:10]) == ("2026-11-19", "2026-11-19")
    assert answer["age_s"] == pytest.approx(24 * 3600, abs=120)


def test_after_a_failure_nbp_is_left_alone_for_half_a_minute(tmp_path: Path, nbp: FakeNbp) -> None:
    nbp.answer = broken
    start = parse_instant_ms(EVENING)
    known = KnownTables(nbp.url, 7200, Clock.starting_at(start))
    for _ in range(3):
        known.bring(date(2026, 11, 1), date(2026, 11, 20))
    assert len(nbp.asked) == 1
    known.clock = Clock.starting_at(start + 31_000)
    known.bring(date(2026, 11, 1), date(2026, 11, 20))
    assert len(nbp.asked) == 2


def test_an_answer_that_may_grow_is_asked_for_again_after_its_time(tmp_path: Path, nbp: FakeNbp) -> None:
    morning = parse_instant_ms("2026-11-20T08:00:00Z")
    nbp.published_through = date(2026, 11, 19)
    known = KnownTables(nbp.url, 7200, Clock.starting_at(morning))
    questions = []
    for minutes in (0, 60, 119, 121, 209, 211, 400):
        known.clock = Clock.starting_at(morning + minutes * 60_000)
        known.bring(date(2026, 11, 16), date(2026, 11, 20))
        questions.append(len(nbp.asked))
    assert questions == [1, 1, 1, 2, 2, 3, 3], "after two hours, and once more after 12:30 Warsaw"


def test_nothing_known_and_nbp_down_is_said(service: Serve, nbp: FakeNbp) -> None:
    nbp.answer = broken
    client = service()
    for query in ("", "?date=2026-05-03", "/range?from=2026-05-01&to=2026-05-03"):
        answer = client.get(f"/api/usd-pln-rate{query}")
        assert answer.status_code == 503
        assert "NBP answered 502" in answer.text


def test_before_the_first_table_there_is_none(service: Serve, nbp: FakeNbp) -> None:
    assert service().get("/api/usd-pln-rate?date=1999-01-01").status_code == 404


def test_days_before_the_first_table_are_not_asked_for_again_and_again(service: Serve, nbp: FakeNbp) -> None:
    client = service()
    for since in ("2001-12-01", "1900-01-01", "0001-01-01"):
        assert client.get(f"/api/usd-pln-rate/range?from={since}&to=2002-03-01").status_code == 200
    assert client.get("/api/usd-pln-rate?date=0001-01-01").status_code == 404
    assert len([asked for asked in nbp.asked if asked[0].year < 2026]) == 1


def test_a_damaged_memory_counts_as_none(service: Serve, tmp_path: Path, nbp: FakeNbp) -> None:
    (tmp_path / "nbp").mkdir()
    (tmp_path / "nbp" / "nbp_rates.json").write_text('{"tables": [["2026-11-20", "NaNa", 1]]')
    assert service().get("/api/usd-pln-rate").json()["rate"] == "3.6543"


def test_only_an_operator_clears_the_cache(service: Serve, nbp: FakeNbp) -> None:
    assert service().post("/api/cache/clear").status_code == 403
    client = service(MAI_OPERATOR_TOKEN="op-token")
    client.get("/api/usd-pln-rate")
    assert client.post("/api/cache/clear").status_code == 401
    assert client.post("/api/cache/clear", headers={"Authorization": "Bearer wrong"}).status_code == 401
    nbp.rates[date(2026, 11, 20)] = "3.7000"
    assert client.get("/api/usd-pln-rate").json()["rate"] == "3.6543"
    assert client.post("/api/cache/clear", headers={"Authorization": "Bearer op-token"}).json() == {"success": True}
    assert client.get("/api/usd-pln-rate").json()["rate"] == "3.7000"


def test_pieces_that_touch_are_one() -> None:
    def span(start: int, end: int) -> tuple[date, date]:
        return date(2026, 1, start), date(2026, 1, end)

    assert merged([span(10, 12), span(1, 3), span(4, 5), span(11, 11)]) == [span(1, 5), span(10, 12)]


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    """Where the service is reached: a server of its own, for what it is asked there may make it ask NBP meanwhile."""
    with HTTPServer() as server:
        yield server


def test_a_ledger_takes_its_rates_from_the_service(
    service: Serve, tmp_path: Path, nbp: FakeNbp, door: HTTPServer
) -> None:
    shared = service()
    shared.get("/api/usd-pln-rate/range?from=2026-08-20&to=2026-11-20")

    def forwarded(request: Request) -> Response:
        answer = shared.get(f"{request.path}?{request.query_string.decode()}")
        return Response(answer.content, answer.status_code, content_type="application/json")

    door.expect_request("/api/usd-pln-rate/range").respond_with_handler(forwarded)
    settings = at(EVENING, tmp_path, "http://127.0.0.1:1", NBP_SERVICE_URL=door.url_for(""))
    installation = open_installation(settings)
    try:
        result = refresh_rates(installation)
        assert (result.ok, result.new) == (True, 67)
        with installation.store.read() as db:
            known = rates.known(db)
        assert (known.answered_from, known.answered_through) == (date(2026, 8, 20), date(2026, 11, 20))
        door.clear()
        door.expect_request("/api/usd-pln-rate/range").respond_with_json({"currency": "EUR", "rates": []})
        assert "not a list of USD rates" in str(refresh_rates(installation).error)
        door.clear()
        door.expect_request("/api/usd-pln-rate/range").respond_with_json({"currency": "USD", "rates": []})
        assert "for which days its answer is complete" in str(refresh_rates(installation).error)
    finally:
        installation.close()
