"""What went wrong in the demo's last days, as it does: a page about trouble needs some."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from mai_core.days import DAY_MS, usage_day
from mai_core.demo.usage import ZONE
from mai_core.installation import Installation
from mai_core.intake import exact_json
from mai_core.intake.delivery import Delivery, kept_refusals
from mai_core.intake.desk import Desk
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources import SOURCES
from mai_core.model import Observation, Rank
from mai_core.money import units_of
from mai_core.store import Db, batch_runs, rows

_MINUTE_MS = 60_000
_STEPS = ("rates", "prices", "rebuild", "months", "backup", "archive", "verify", "seal", "cleanup", "reconciliation")


def add_incidents(installation: Installation, clients: list[str]) -> None:
    """Quarantine, a conflict, a batch that failed and was repeated."""
    now_ms = installation.now_ms()
    _deliver_what_cannot_be_booked(installation, now_ms)
    with installation.store.read() as db:
        recent = _recent_observation(db, clients[0])
    _contradict(installation, clients[0], recent, now_ms)
    with installation.store.write() as db:
        _batches(db, now_ms)


def _deliver_what_cannot_be_booked(installation: Installation, now_ms: int) -> None:
    """Somebody nobody knows, and a span whose tokens are no number."""
    strangers = Parsed()
    for number in range(3):
        strangers.add(
            number,
            Observation(
                generation_id=f"gen-{(now_ms - number * 11 * _MINUTE_MS) // 1000}-nieznany{number}",
                rank=Rank.BROADCAST,
                source="openrouter",
                external_user=f"nowy_oddzial_user_{number % 2:08x}",
                model="openai/gpt-4o-mini",
                provider="OpenAI",
                input_tokens=812 + number,
                output_tokens=144,
                reported_pusd=units_of("0.00020826"),
                api_key_name="Oddział Gdańsk",
            ),
        )
    source = SOURCES["openrouter"]
    attributes = [
        {"key": "gen_ai.response.id", "value": {"stringValue": f"gen-{now_ms // 1000}-uszkodzony"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"stringValue": "dużo"}},
    ]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "LLM Generation", "attributes": attributes}]}]}]}
    broken = source.parse(exact_json.encode(body), {})
    kept = kept_refusals(broken.refusals)
    Desk(installation).deliver(
        [Delivery(source, None, strangers, now_ms), Delivery(source, None, Parsed(), now_ms, kept=kept)]
    )


def _recent_observation(db: Db, client: str) -> Observation:
    ((generation_id, cost, model, provider),) = rows(
        db,
        "SELECT generation_id, reported_pusd, model, provider FROM usage_events WHERE client_org_id = ?"
        " AND reported_pusd > 0 ORDER BY at_ms DESC LIMIT 1",
        (client,),
    )
    return Observation(
        generation_id=generation_id,
        rank=Rank.BROADCAST,
        source="openrouter",
        reported_pusd=cost,
        model=model,
        provider=provider,
    )


def _contradict(installation: Installation, client: str, known: Observation, now_ms: int) -> None:
    """The same generation once more from the same source, with another cost: a person has to look."""
    other = msgspec.structs.replace(known, reported_pusd=(known.reported_pusd or 0) * 11 // 10)
    parsed = Parsed()
    parsed.add(0, other)
    Desk(installation).deliver([Delivery(SOURCES["openrouter"], client, parsed, now_ms)])


def _batches(db: Db, now_ms: int) -> None:
    """Ten days of runs; three days ago NBP could not be reached, and the second try went well."""
    today = usage_day(now_ms, ZONE)
    for ago in range(10, 0, -1):
        day = today - timedelta(days=ago)
        started_ms = now_ms - (ago - 1) * DAY_MS - 3 * 60 * _MINUTE_MS
        if ago == 3:
            _batch(db, day, started_ms, error="https://api.nbp.pl cannot be reached: the connection timed out")
            started_ms += 15 * _MINUTE_MS
        _batch(db, day, started_ms)


def _batch(db: Db, day: date, started_ms: int, error: str | None = None) -> None:
    state = "failed" if error else "ok"
    run = batch_runs.start(db, started_ms, day.isoformat(), batch_runs.RUN_STEP, "demo")
    for number, step in enumerate(_STEPS):
        failed = error if step == "rates" else None
        row = batch_runs.start(db, started_ms + number * 700, day.isoformat(), step, "demo", run)
        batch_runs.finish(db, row, started_ms + number * 700 + 500, "failed" if failed else "ok", error=failed)
    batch_runs.finish(db, run, started_ms + len(_STEPS) * 700, state, error=f"rates: {error}" if error else None)
