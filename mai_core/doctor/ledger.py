"""What is in the ledger, and whether its keys can be used."""

from __future__ import annotations

from mai_core.clock import Clock
from mai_core.days import DAY_MS, from_ms
from mai_core.doctor import prices
from mai_core.doctor.lines import Line, error, ok, warning
from mai_core.errors import MaiError
from mai_core.secrets_box import SecretBox
from mai_core.settings import Settings
from mai_core.store import Db, Store, batch_runs, clients, invariants
from mai_core.store.inspection import migrations_to_come

LATE_BATCH_MS = 2 * DAY_MS


def content_lines(settings: Settings) -> list[Line]:
    path = settings.usage_summary_db
    if not path.exists():
        return []
    clock = Clock.starting_at(settings.mai_clock)
    try:
        if to_come := migrations_to_come(path):
            told = f"{path.name} is not up to date: {len(to_come)} migrations are to come"
            return [warning("contents", told, "the next start of the API does them; look again after it")]
        with Store(path, clock) as store, store.read() as db:
            return [
                *_rows(db, path.name),
                *_batches(db, settings, clock.now_ms()),
                *_prices_and_rates(db, clock.now_ms()),
                *_keys(db, settings),
            ]
    except MaiError as problem:
        return [error("contents", str(problem), "name the right file with USAGE_SUMMARY_DB, or restore a backup")]


def _rows(db: Db, name: str) -> list[Line]:
    held = invariants.counts(db)
    if not held["clients"]:
        yet = warning("contents", f"{name} knows no client", "run generate_client_env.py --init-database, or the demo")
        return [yet]
    first, last = held["first_event_ms"], held["last_event_ms"]
    span = "no events" if first is None else f"{held['events']} events from {_instant(first)} to {_instant(last)}"
    lines = [
        ok(
            "contents",
            f"{held['clients']} clients, {span}, {held['days']} rows of days, {held['imported']} imported",
        )
    ]
    if held["quarantined"]:
        lines.append(
            warning(
                "quarantine",
                f"{held['quarantined']} deliveries wait for a person",
                "python -m mai_core quarantine list",
            )
        )
    return lines


def _batches(db: Db, settings: Settings, now_ms: int) -> list[Line]:
    run = batch_runs.latest(db)
    if run is None:
        return [
            warning(
                "last batch",
                "none has run yet",
                "start `python -m jobs`, or run one: python -m jobs.daily_batch --run-now",
            )
        ]
    told = f"{run['batch_date']}, {run['state']}, started {_instant(run['started_at_ms'])}"
    if run["state"] == "failed":
        return [error("last batch", f"{told}: {run['error']}", "python -m jobs.daily_batch --run-now")]
    if settings.daily_batch_enabled and now_ms - run["started_at_ms"] > LATE_BATCH_MS:
        return [warning("last batch", f"{told}: that is more than two days ago", "is `python -m jobs` running?")]
    return [ok("last batch", told)]


def _prices_and_rates(db: Db, now_ms: int) -> list[Line]:
    """Nobody needs either before there is a client."""
    return [*prices.price_lines(db, now_ms), *prices.rate_lines(db, now_ms)] if clients.list_all(db) else []


def _keys(db: Db, settings: Settings) -> list[Line]:
    given = settings.mai_secret_key.get_secret_value()
    file = settings.mai_data_dir / "secret.key"
    if not given and not file.is_file():
        return [
            warning("secret key", "there is none yet", "the first start of the API makes one; keep it with backups")
        ]
    box = SecretBox(given or file.read_text().strip())
    where = "MAI_SECRET_KEY" if given else str(file.absolute())
    for client in clients.list_all(db):
        ciphertext = clients.key_ciphertext(db, client.id)
        if ciphertext is None:
            continue
        try:
            box.decrypt(ciphertext)
        except MaiError:
            return [
                error(
                    "secret key",
                    f"{where} does not open the stored OpenRouter key of {client.id}",
                    "bring back the key it was stored with, or enter the OpenRouter key again",
                )
            ]
    return [ok("secret key", where)]


def _instant(at_ms: int) -> str:
    return from_ms(at_ms).strftime("%Y-%m-%d %H:%M UTC")
