"""Recording and reading usage, and the dedupe memory, by the names of the existing system."""

# The annotations are part of the contract, in the spelling that callers introspect.
# ruff: noqa: UP006, UP035, UP045, RUF013
# mypy: implicit-optional

from datetime import date, datetime
from typing import Any, Dict, List, Optional

from mai_core.days import usage_day, utc_day
from mai_core.errors import BadValue
from mai_core.given import cost_given, count_given, text_given, usage_day_given
from mai_core.intake.manual import book_entry, manual_arrival
from mai_core.model import Client
from mai_core.money import shortest_text
from mai_core.organization_usage.clients import known_client
from mai_core.organization_usage.door import answers, answers_async, installation, log, rating_book
from mai_core.organization_usage.models import ClientBillingResponse, ClientUsageStatsResponse
from mai_core.store import Db, clients, ledger, processed, summaries
from mai_core.usage_reading import month_rows
from mai_core.usage_stats import MonthRows, by_model, by_user, first_of_month, usage_stats, usd
from mai_core.usage_summary import UsageRow, total_of


def _empty_stats() -> ClientUsageStatsResponse:
    today = utc_day(installation().now_ms())
    return ClientUsageStatsResponse(**usage_stats(MonthRows((), (), ()), today, "UTC"), client_org_name="")


class ClientUsageDB:
    @staticmethod
    @answers(lambda: False)
    def record_usage(
        client_org_id: str,
        user_id: str,
        openrouter_user_id: str,
        model_name: str,
        usage_date: date,
        input_tokens: int = 0,
        output_tokens: int = 0,
        raw_cost: float = 0.0,
        markup_cost: float = 0.0,
        provider: str = None,
        request_metadata: dict = None,  # type: ignore[type-arg]
    ) -> bool:
        opened = installation()
        now_ms = opened.now_ms()
        person = text_given("user_id", user_id)
        external_user = text_given("openrouter_user_id", openrouter_user_id) or person
        cost_given("markup_cost", markup_cost)
        with opened.store.write() as db:
            client = known_client(db, client_org_id)
            arrival = manual_arrival(
                client_org_id=client.id,
                zones=clients.zones(db, client.id),
                now_ms=now_ms,
                source="record_usage",
                usage_date=usage_date,
                external_user=external_user,
                model=model_name,
                input_tokens=input_tokens,
                output_tokens=output_tokens,
                raw_cost=raw_cost,
                charged=markup_cost,
                provider=provider,
                generation_id=_identity(request_metadata),
            )
            book_entry(db, opened, rating_book(db), arrival, person or None)
        return True

    @staticmethod
    @answers_async(_empty_stats)
    async def get_usage_stats_by_client(
        client_org_id: str, use_client_timezone: bool = True
    ) -> ClientUsageStatsResponse:
        with installation().store.read() as db:
            client = known_client(db, client_org_id)
            now_ms = installation().now_ms()
            zone_name = clients.zone_now(db, client.id, now_ms) if use_client_timezone else "UTC"
            today = usage_day(now_ms, zone_name)
            stats = usage_stats(month_rows(db, client.id, today), today, zone_name)
        return ClientUsageStatsResponse(**stats, client_org_name=client.name)

    @staticmethod
    @answers(list)
    def get_usage_by_user(client_org_id: str, start_date: date = None, end_date: date = None) -> List[Dict[str, Any]]:
        with installation().store.read() as db:
            client = known_client(db, client_org_id)
            return by_user(summaries.usage_rows(db, "user", client.id, *_period(db, client, start_date, end_date)))

    @staticmethod
    @answers(list)
    def get_usage_by_model(client_org_id: str, start_date: date = None, end_date: date = None) -> List[Dict[str, Any]]:
        with installation().store.read() as db:
            client = known_client(db, client_org_id)
            return by_model(summaries.usage_rows(db, "model", client.id, *_period(db, client, start_date, end_date)))

    @staticmethod
    @answers(list)
    def get_all_clients_usage_stats(
        start_date: Optional[date] = None, end_date: Optional[date] = None
    ) -> List[ClientBillingResponse]:
        with installation().store.read() as db:
            billed = [
                (client, summaries.usage_rows(db, "client", client.id, *_period(db, client, start_date, end_date)))
                for client in clients.list_all(db)
            ]
        shown = [_billing(client, rows) for client, rows in billed if rows or client.is_active]
        return sorted(shown, key=lambda entry: (-entry.markup_cost, entry.client_name))


class ProcessedGenerationDB:
    @staticmethod
    @answers(lambda: False)
    def is_generation_processed(generation_id: str, client_org_id: str) -> bool:
        with installation().store.read() as db:
            return ledger.is_known(
                db, text_given("client_org_id", client_org_id), text_given("generation_id", generation_id)
            )

    @staticmethod
    @answers(lambda: False)
    def mark_generation_processed(
        generation_id: str, client_org_id: str, generation_date: date, total_cost: float, total_tokens: int
    ) -> bool:
        opened = installation()
        now_ms = opened.now_ms()
        with opened.store.write() as db:
            client = known_client(db, client_org_id)
            processed.mark(
                db,
                now_ms,
                client.id,
                text_given("generation_id", generation_id, required=True),
                usage_day_given(generation_date, usage_day(now_ms, clients.zones(db, client.id))),
                shortest_text(cost_given("total_cost", total_cost)),
                count_given("total_tokens", total_tokens),
            )
        return True

    @staticmethod
    def cleanup_old_processed_generations(days_to_keep: int = 60) -> Dict[str, Any]:
        opened = installation()
        started_ms = opened.now_ms()
        today = usage_day(started_ms, opened.settings.daily_batch_timezone)
        try:
            with opened.store.write() as db:
                forgotten = processed.forget(db, today, days_to_keep)
                seconds = (opened.now_ms() - started_ms) / 1000
                processed.log_cleanup(db, started_ms, today, days_to_keep, forgotten, seconds)
        except BadValue as error:
            log.warning("cleanup_old_processed_generations refused: %s", error)
            return {"success": False, "days_to_keep": days_to_keep, "error": str(error)}
        return {
            "success": True,
            "cutoff_date": forgotten.cutoff.isoformat(),
            "days_to_keep": days_to_keep,
            "records_before": forgotten.before,
            "records_deleted": forgotten.deleted,
            "records_remaining": forgotten.remaining,
            "old_tokens_removed": forgotten.tokens,
            "old_cost_removed": float(forgotten.cost),
            "storage_saved_kb": round(forgotten.bytes / 1024, 2),
            "cleanup_duration_seconds": seconds,
            "organization_breakdown": dict(forgotten.by_client),
            "cleanup_timestamp": started_ms // 1000,
        }

    @staticmethod
    @answers(dict)
    def get_processed_generations_stats(
        client_org_id: str, start_date: date = None, end_date: date = None
    ) -> Dict[str, Any]:
        with installation().store.read() as db:
            client = known_client(db, client_org_id)
            first, last = _period(db, client, start_date, end_date)
            days = processed.counted(db, client.id, first, last)
        return {
            "client_org_id": client.id,
            "start_date": first.isoformat(),
            "end_date": last.isoformat(),
            "total_generations": sum(day["generations"] for day in days),
            "total_cost": float(sum(day["total_cost"] for day in days)),
            "total_tokens": sum(day["total_tokens"] for day in days),
            "days": [{**day, "total_cost": float(day["total_cost"])} for day in days],
        }


def _identity(request_metadata: Any) -> Any:
    if request_metadata is None:
        return None
    if not isinstance(request_metadata, dict):
        raise BadValue("request_metadata", "must be a dict")
    return request_metadata.get("generation_id") or request_metadata.get("id")


def _period(db: Db, client: Client, start_date: Any, end_date: Any) -> tuple[date, date]:
    """The days asked for; without dates the client's month so far."""
    today = usage_day(installation().now_ms(), clients.zones(db, client.id))
    last = today if end_date is None else _day("end_date", end_date)
    first = first_of_month(last) if start_date is None else _day("start_date", start_date)
    return first, last


def _day(field: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, date):
        raise BadValue(field, "is not a date")
    return value


def _billing(client: Client, rows: List[UsageRow]) -> ClientBillingResponse:
    total = total_of(rows)
    return ClientBillingResponse(
        client_org_id=client.id,
        client_name=client.name,
        total_tokens=total.tokens,
        raw_cost=usd(total.raw_pusd),
        markup_cost=usd(total.charged_pusd),
        profit_margin=usd(total.charged_pusd - total.raw_pusd),
        total_requests=total.requests,
        days_active=total.days,
    )
