"""The ledger against a simulated account: every difference has a name, and nothing is left where ids can be had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from pytest_httpserver import HTTPServer

from mai_core.installation import Installation, open_installation
from mai_core.intake.booking import book
from mai_core.intake.delivery import UNROUTED, kept_observation
from mai_core.model import Arrival, Rank
from mai_core.money import units_of
from mai_core.reconciliation.run import account_of, look, reconcile
from mai_core.settings import load_settings
from mai_core.store import dicts, quarantine, rating_books, reconciliation, rows
from tests.builders import make_arrival, make_client
from tests.reconciliation.account_server import MANAGEMENT_KEY, Billed, SimulatedAccount

MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def account(httpserver: HTTPServer) -> SimulatedAccount:
    return SimulatedAccount(httpserver)


@pytest.fixture
def installation(tmp_path: Path, account: SimulatedAccount) -> Iterator[Installation]:
    """Acme, known since September, with its own key at OpenRouter; it is Thursday the 15th."""
    settings = load_settings(
        {
            "MAI_DATA_DIR": str(tmp_path / "data"),
            "MAI_SECRET_KEY": "a key for tests",
            "MAI_CLOCK": "2026-10-15T11:00:00Z",
            "OPENROUTER_API_URL": account.url,
            "OPENROUTER_MANAGEMENT_KEY": MANAGEMENT_KEY,
        },
        tmp_path / ".env",
    )
    opened = open_installation(settings)
    make_client(opened.store, now_ms=opened.now_ms() - 45 * 86_400_000, provider_key_hash="hash-acme")
    yield opened
    opened.close()


def webhook(installation: Installation, *generations: Billed, **told: object) -> None:
    """What Broadcast would have brought."""
    deliver(installation, [arrival_of(one, **told) for one in generations])


def deliver(installation: Installation, arrivals: list[Arrival]) -> None:
    with installation.store.write() as db:
        book(db, rating_books.load(db, installation.settings), arrivals, installation.now_ms())


def arrival_of(one: Billed, **told: object) -> Arrival:
    values: dict[str, object] = {
        "started_at_ms": int(one.at.timestamp() * 1000),
        "model": one.model,
        "provider": one.provider,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "reported_pusd": units_of(one.cost),
    }
    return make_arrival(one.id, received_at_ms=int(one.at.timestamp() * 1000) + 4000, **{**values, **told})


def billed(number: int, cost: str = "0.10", **more: object) -> Billed:
    return Billed(f"gen-{number}", MONDAY + timedelta(minutes=number), cost, **more)  # type: ignore[arg-type]


def classes(installation: Installation, *, is_open: bool = True) -> Counter[str]:
    with installation.store.read() as db:
        found = rows(db, f"SELECT class FROM residuals WHERE resolved_at_ms IS {'' if is_open else 'NOT'} NULL")
    return Counter(name for (name,) in found)


def charged_by_day(installation: Installation) -> dict[str, int]:
    with installation.store.read() as db:
        return dict(rows(db, "SELECT usage_date, sum(raw_pusd) FROM usage_daily GROUP BY usage_date"))


def test_without_the_management_key_it_is_off_and_says_so(tmp_path: Path) -> None:
    settings = load_settings({"MAI_DATA_DIR": str(tmp_path)}, tmp_path / ".env")
    opened = open_installation(settings)
    assert "OPENROUTER_MANAGEMENT_KEY is not set" in reconcile(opened)["skipped"]
    opened.close()


def test_books_that_agree_leave_nothing(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2))
    webhook(installation, billed(1), billed(2))
    detail = reconcile(installation)
    assert (detail["left_usd"], detail["left"], detail["recovered"]) == ("0.000000000000", {}, 0)


def test_a_lost_webhook_is_recovered_and_marked(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2, "0.25"))
    webhook(installation, billed(1))
    detail = reconcile(installation)
    assert (detail["recovered"], detail["left_usd"]) == (1, "0.000000000000")
    with installation.store.read() as db:
        event = dicts(db, "SELECT * FROM usage_events WHERE generation_id = 'gen-2'")[0]
    assert (event["flags"], event["source"], event["raw_pusd"]) == ("recovered", "generation", units_of("0.25"))
    assert event["charged_pusd"] == units_of("0.325")
    assert classes(installation, is_open=False) == {"recovered": 1}


def test_the_second_look_finds_nothing_new(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2))
    webhook(installation, billed(1))
    reconcile(installation)
    assert reconcile(installation)["recovered"] == 0
    assert classes(installation, is_open=False) == {"recovered": 1}


def test_a_webhook_that_comes_after_all_does_not_count_twice(
    installation: Installation, account: SimulatedAccount
) -> None:
    account.bill(billed(1))
    webhook(installation, billed(7))
    account.bill(billed(7))
    reconcile(installation)
    before = charged_by_day(installation)
    webhook(installation, billed(1))
    assert charged_by_day(installation) == before


def test_openrouters_own_record_ends_a_difference_in_cost(
    installation: Installation, account: SimulatedAccount
) -> None:
    account.bill(billed(1, "0.10"))
    webhook(installation, billed(1, "0.10"))
    account.change_cost("gen-1", "0.14")
    detail = reconcile(installation)
    assert (detail["corrected"], detail["left_usd"]) == (1, "0.000000000000")
    assert charged_by_day(installation) == {"2026-10-12": units_of("0.14")}
    assert classes(installation, is_open=False) == {"cost_drift": 1}


def test_an_estimate_from_the_price_book_gives_way_to_what_was_billed(
    installation: Installation, account: SimulatedAccount
) -> None:
    account.bill(billed(1, "0.10"))
    webhook(installation, billed(1), reported_pusd=None)
    assert reconcile(installation)["left_usd"] == "0.000000000000"
    assert charged_by_day(installation) == {"2026-10-12": units_of("0.10")}
    assert classes(installation, is_open=False) == {"price_drift": 1}


def test_a_generation_without_record_stays_a_named_line(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2, "0.25"))
    account.forgotten.add("gen-2")
    webhook(installation, billed(1))
    detail = reconcile(installation)
    assert (detail["left_usd"], detail["left"]) == ("0.250000000000", {"missing_generation": 1})
    with installation.store.read() as db:
        line = dicts(db, "SELECT * FROM residuals")[0]
    assert (line["generation_id"], line["class"], line["resolved_at_ms"]) == ("gen-2", "missing_generation", None)


def test_without_ids_the_amount_is_named_and_never_booked(
    installation: Installation, account: SimulatedAccount
) -> None:
    account.bill(billed(1), billed(2, "0.25"))
    account.tells_ids = False
    webhook(installation, billed(1))
    detail = reconcile(installation)
    assert (detail["left_usd"], detail["left"]) == ("0.250000000000", {"missing_generation": 1})
    assert "answered 400" in detail["ids"]
    assert charged_by_day(installation) == {"2026-10-12": units_of("0.10")}


def test_a_line_that_came_in_later_is_resolved(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2, "0.25"))
    account.tells_ids = False
    webhook(installation, billed(1))
    reconcile(installation)
    webhook(installation, billed(2, "0.25"))
    assert reconcile(installation)["left"] == {}
    assert classes(installation) == {}


def test_the_utc_cut_stands_beside_the_local_day(installation: Installation, account: SimulatedAccount) -> None:
    """00:30 in Warsaw is 22:30 UTC of the day before: another usage day here, the same generation there."""
    late = Billed("gen-night", datetime(2026, 10, 12, 22, 30, tzinfo=UTC), "0.40")
    account.bill(billed(1), late)
    webhook(installation, billed(1), late)
    assert charged_by_day(installation) == {"2026-10-12": units_of("0.10"), "2026-10-13": units_of("0.40")}
    assert reconcile(installation)["left"] == {}


def test_a_key_of_nobody_is_a_line_without_client(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1), billed(2, "0.30", key_hash="hash-stranger"))
    webhook(installation, billed(1))
    detail = reconcile(installation)
    assert (detail["left"], detail["left_usd"]) == ({"unrouted": 1}, "0.300000000000")
    with installation.store.read() as db:
        assert rows(db, "SELECT client_org_id FROM residuals") == [(None,)]


def test_only_the_very_generation_that_waits_is_unrouted(installation: Installation) -> None:
    kept = kept_observation(UNROUTED, make_arrival("gen-10").observation)
    with installation.store.write() as db:
        quarantine.put(
            db, 0, source="openrouter", client_org_id=None, reason_code=kept.reason_code, reason=kept.reason,
            sha256=kept.sha256, body=kept.body,
        )  # fmt: skip
    with installation.store.read() as db:
        assert reconciliation.waiting_unrouted(db, ["gen-1", "gen-10", "gen-100"]) == {"gen-10"}


def test_days_from_before_the_client_was_known_are_left_alone(
    installation: Installation, account: SimulatedAccount
) -> None:
    make_client(installation.store, "mai_client_late0000", now_ms=installation.now_ms(), provider_key_hash="hash-late")
    account.bill(billed(1, key_hash="hash-late"))
    assert reconcile(installation)["recovered"] == 0
    assert charged_by_day(installation) == {}


def test_a_truncated_list_of_ids_is_asked_for_in_halves(installation: Installation, account: SimulatedAccount) -> None:
    account.most_rows = 3
    account.bill(*(billed(n) for n in range(20)))
    webhook(installation, *(billed(n) for n in range(12)))
    assert reconcile(installation)["recovered"] == 8


def test_a_clients_key_is_recognised_by_its_label(installation: Installation, account: SimulatedAccount) -> None:
    make_client(
        installation.store,
        "mai_client_bolt0000",
        now_ms=installation.now_ms() - 45 * 86_400_000,
        name="Bolt",
        api_key="sk-or-v1-bol-secret-bolt",
        secrets=installation.secrets,
    )
    account.bill(billed(1, key_hash="bolt-key-bolt"))
    assert reconcile(installation)["recovered"] == 1
    with installation.store.read() as db:
        assert rows(db, "SELECT provider_key_hash FROM client_organizations WHERE id = 'mai_client_bolt0000'") == [
            ("bolt-key-bolt",)
        ]


def test_balances_are_kept(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1, "0.75"))
    reconcile(installation)
    with installation.store.read() as db:
        found = rows(db, "SELECT subject, used_pusd, limit_pusd FROM provider_balances ORDER BY subject")
    assert found == [("credits", units_of("0.75"), units_of("100.5")), ("hash-acme", units_of("1.5"), None)]


def test_each_compared_day_is_kept_with_both_sums_of_each_client(
    installation: Installation, account: SimulatedAccount
) -> None:
    """What two clients without a key of their own share is told as theirs together."""
    for name in ("bolt", "cyan"):
        make_client(installation.store, f"mai_client_{name}", now_ms=installation.now_ms() - 45 * 86_400_000, name=name)
    account.bill(billed(1, "0.75"), billed(2, "0.20", key_hash="", user="nobody", model="google/gemini-2.5-pro"))
    account.forgotten.add("gen-2")
    webhook(installation, billed(1, "0.75"))
    reconcile(installation)
    with installation.store.read() as db:
        found = rows(db, "SELECT utc_date, client_org_id, billed_pusd, recorded_pusd FROM reconciled_days ORDER BY 2")
    assert found == [
        ("2026-10-12", "", units_of("0.20"), 0),
        ("2026-10-12", "mai_client_63a4eb6d", units_of("0.75"), units_of("0.75")),
    ]


@pytest.mark.parametrize("seed", range(2))
def test_injected_faults_are_all_classified_and_nothing_is_left(
    installation: Installation, account: SimulatedAccount, seed: int
) -> None:
    """Lost and doubled webhooks, cut streams (no cost), costs that changed afterwards: at the end both books agree."""
    random = Random(seed)
    everything = [
        Billed(
            f"gen-{seed}-{n}",
            MONDAY + timedelta(minutes=random.randrange(3 * 24 * 60 - 12 * 60)),
            f"0.{random.randrange(1, 9999):04}",
            model=random.choice(["openai/gpt-4o", "anthropic/claude-sonnet-4.5"]),
            provider=random.choice(["OpenAI", "Google"]),
        )
        for n in range(80)
    ]
    account.bill(*everything)
    arrivals: list[Arrival] = []
    for one in everything:
        match random.choice(["fine", "fine", "lost", "doubled", "cut", "changed"]):
            case "fine":
                arrivals.append(arrival_of(one))
            case "doubled":
                arrivals += [arrival_of(one), arrival_of(one)]
            case "cut":
                arrivals.append(arrival_of(one, reported_pusd=None, output_tokens=None))
            case "changed":
                arrivals.append(arrival_of(one))
                account.change_cost(one.id, f"0.{random.randrange(1, 9999):04}")
    random.shuffle(arrivals)
    deliver(installation, arrivals)

    detail = reconcile(installation)

    assert (detail["left_usd"], detail["left"]) == ("0.000000000000", {})
    billed_total = sum(units_of(one.cost) for one in account.generations.values())
    assert sum(charged_by_day(installation).values()) == billed_total
    with installation.store.read() as db:
        settled = rows(db, "SELECT class, billed_pusd - recorded_pusd FROM residuals")
    found_at_first = billed_total - sum(
        cost for arrival in {a.observation.generation_id: a for a in arrivals}.values()
        if (cost := arrival.observation.reported_pusd or 0)
    )  # fmt: skip
    in_price_book = sum(delta for name, delta in settled if name == "price_drift")
    cut = sum(
        units_of(account.generations[a.observation.generation_id].cost)
        for a in {a.observation.generation_id: a for a in arrivals}.values()
        if a.observation.reported_pusd is None
    )
    assert sum(delta for _, delta in settled) == found_at_first - cut + in_price_book


@pytest.mark.parametrize("seed", range(2))
def test_where_no_ids_can_be_had_every_dollar_still_has_a_class(
    installation: Installation, account: SimulatedAccount, seed: int
) -> None:
    random = Random(seed)
    account.tells_ids = False
    everything = [billed(n, f"0.{random.randrange(1, 9999):04}") for n in range(60)]
    account.bill(*everything)
    webhook(installation, *random.sample(everything, 40))
    report = look(installation, account_of(installation), 30)  # type: ignore[arg-type]
    assert report is not None
    ledger = sum(charged_by_day(installation).values())
    assert report.left_pusd == sum(units_of(one.cost) for one in everything) - ledger
    assert {residual.residual_class for _, residual in report.residuals} == {"missing_generation"}


def test_an_account_that_answers_with_a_page_changes_nothing(
    installation: Installation, httpserver: HTTPServer, account: SimulatedAccount
) -> None:
    account.bill(billed(1))
    httpserver.clear()
    httpserver.expect_request("/keys").respond_with_data("<html>maintenance</html>", content_type="text/html")
    with pytest.raises(Exception, match="not JSON"):
        reconcile(installation)
    assert charged_by_day(installation) == {}


def test_a_cost_that_moves_across_utc_midnight_is_called_late(
    installation: Installation, account: SimulatedAccount
) -> None:
    at_midnight = Billed("gen-x", datetime(2026, 10, 13, 0, 0, 1, tzinfo=UTC), "0.50")
    account.bill(billed(1), at_midnight)
    webhook(installation, billed(1))
    webhook(installation, at_midnight, started_at_ms=int(at_midnight.at.timestamp() * 1000) - 2000)
    detail = reconcile(installation)
    assert detail["left_usd"] == "0.000000000000"
    assert detail["left"] == {"late": 2}


def test_a_completions_answer_never_outranks_the_record(installation: Installation, account: SimulatedAccount) -> None:
    account.bill(billed(1, "0.10"))
    reconcile(installation)
    webhook(installation, billed(1, "0.99"), rank=Rank.COMPLETION)
    assert charged_by_day(installation) == {"2026-10-12": units_of("0.10")}
