"""Beside the three processes: waits until they answer, prints the banner, and in demo mode keeps the events coming.

A process of its own, so that a slow page or a failing event never holds up the one that watches over the others.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from random import Random

import httpx

from mai_core.clock import Clock
from mai_core.launch import demo_traffic
from mai_core.launch.banner import banner, curl_line
from mai_core.settings import Settings, load_settings
from mai_core.store import Store

PATIENCE_S = 180


def main() -> int:
    settings = load_settings()
    parent = os.getppid()

    def is_orphan() -> bool:
        return os.getppid() != parent

    try:
        return accompany(settings, is_orphan)
    except KeyboardInterrupt:
        return 0


def accompany(settings: Settings, is_orphan: Callable[[], bool]) -> int:
    clock = Clock.starting_at(settings.mai_clock)
    addresses = [f"{settings.api_url}/health", f"http://127.0.0.1:{settings.app_port}/"]
    with httpx.Client(timeout=10, trust_env=False) as http:
        waiting_for = wait_until_up(http, addresses, is_orphan)
        if waiting_for:
            print(f"Not up after {PATIENCE_S} s: {waiting_for}. The lines above say why.", file=sys.stderr, flush=True)
            return 1
        habits = read_habits(settings) if settings.mai_demo else []
        print(hello(settings, habits), flush=True)
        while not is_orphan():
            if habits:
                send_one(http, settings, habits, clock.now_ms())
            time.sleep(Random().uniform(*demo_traffic.SECONDS_BETWEEN))
    return 0


def wait_until_up(http: httpx.Client, addresses: list[str], is_orphan: Callable[[], bool]) -> str | None:
    """None when all answer, else the address that does not."""
    deadline = time.monotonic() + PATIENCE_S
    for address in addresses:
        while not answers(http, address):
            if is_orphan() or time.monotonic() > deadline:
                return address
            time.sleep(0.2)
    return None


def answers(http: httpx.Client, address: str) -> bool:
    try:
        return http.get(address).status_code < 500
    except httpx.HTTPError:
        return False


def read_habits(settings: Settings) -> list[demo_traffic.Habit]:
    with Store(settings.usage_summary_db) as store, store.read() as db:
        return demo_traffic.recent_habits(db)


def hello(settings: Settings, habits: list[demo_traffic.Habit]) -> str:
    token = settings.openrouter_webhook_secret.get_secret_value() if settings.mai_demo else "$OPENROUTER_WEBHOOK_SECRET"
    subject = habits[0].external_user if habits else f"{settings.openrouter_external_user or 'somebody'}_user_00000001"
    model = habits[0].model if habits else "openai/gpt-4o-mini"
    curl = curl_line(settings.api_url, token, subject, model)
    data_dir = str(settings.mai_data_dir)
    return banner(settings.public_url, settings.api_url, demo=settings.mai_demo, data_dir=data_dir, curl=curl)


def send_one(http: httpx.Client, settings: Settings, habits: list[demo_traffic.Habit], now_ms: int) -> None:
    _, body = demo_traffic.next_generation(habits, Random(), now_ms)
    secret = settings.openrouter_webhook_secret.get_secret_value()
    try:
        answer = http.post(
            f"{settings.api_url}/webhooks/openrouter", json=body, headers={"Authorization": f"Bearer {secret}"}
        )
    except httpx.HTTPError as error:
        print(f"demo: the webhook does not answer ({error})", file=sys.stderr, flush=True)
        return
    if answer.status_code != 200:
        print(f"demo: the webhook said {answer.status_code} {answer.text[:200]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
