"""Who is told what, how, and only once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from mai_core import mail
from mai_core.alerts import delivery
from mai_core.alerts.delivery import concerns, notify
from mai_core.alerts.finding import Finding
from mai_core.installation import Installation
from mai_core.store import accounts, alerts
from tests.batch.conftest import opened_at
from tests.builders import CLIENT, make_client

LIMIT = Finding(
    "limit",
    f"{CLIENT} 2026-10 80",
    "warning",
    {"client": "Acme", "month": "2026-10", "spent_pusd": 8 * 10**12, "limit_pusd": 10**13, "percent": 80},
    CLIENT,
)
DISK = Finding("disk", "free", "error", {"free_mb": 3})


def account(installation: Installation, email: str, role: str, client: str | None = None, language: str = "pl") -> None:
    with installation.store.write() as db:
        number = accounts.add(db, 0, email=email, name=email, role=role, client_org_id=client, language=language)
        accounts.set_password_hash(db, 0, number, "x")


def find(installation: Installation, *findings: Finding) -> None:
    with installation.store.write() as db:
        alerts.sync(db, installation.now_ms(), findings)


def waiting(installation: Installation) -> int:
    with installation.store.read() as db:
        return len(alerts.not_notified(db))


def test_a_webhook_gets_every_alert_once(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hook", method="POST").respond_with_data("ok")
    opened = opened_at(tmp_path, ALERT_WEBHOOK_URL=httpserver.url_for("/hook"))
    make_client(opened.store)
    find(opened, LIMIT, DISK)
    assert notify(opened) == 2
    assert notify(opened) == 0
    body = httpserver.log[0][0].get_json()
    assert [one["rule"] for one in body["alerts"]] == ["disk", "limit"]
    assert "Acme: $8.00 of $10.00 spent in October 2026 (80% reached)." in body["text"]
    opened.close()


def test_a_webhook_that_is_down_gets_it_later(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hook").respond_with_data("no", status=500)
    opened = opened_at(tmp_path, ALERT_WEBHOOK_URL=httpserver.url_for("/hook"))
    find(opened, DISK)
    assert notify(opened) == 0
    assert waiting(opened) == 1
    httpserver.expect_oneshot_request("/hook").respond_with_data("ok")
    assert notify(opened) == 1
    assert waiting(opened) == 0
    opened.close()


def test_without_any_way_out_nothing_piles_up(tmp_path: Path) -> None:
    opened = opened_at(tmp_path)
    find(opened, DISK)
    assert notify(opened) == 0
    assert waiting(opened) == 0
    opened.close()


class Outbox(list[tuple[str, str, str]]):
    """A mail server that keeps what it is given; `refuses` addresses it does not like."""

    refuses: frozenset[str] = frozenset()

    def send(self, settings: object, to: str, subject: str, text: str, *_: object) -> None:
        if to in self.refuses:
            raise mail.MailNotSent("no such address")
        self.append((to, subject, text))


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box = Outbox()
    monkeypatch.setattr(delivery.mail, "send", box.send)
    return box


def mailing(tmp_path: Path) -> Installation:
    opened = opened_at(tmp_path, SMTP_HOST="127.0.0.1", SMTP_FROM="mai@example.com")
    make_client(opened.store)
    return opened


def test_operators_hear_everything_managers_their_limit(tmp_path: Path, outbox: Outbox) -> None:
    opened = mailing(tmp_path)
    account(opened, "operator@example.com", "operator", language="en")
    account(opened, "manager@example.com", "manager", CLIENT)
    account(opened, "accountant@example.com", "accountant")
    find(opened, LIMIT, DISK)
    assert notify(opened) == 2
    assert [(to, subject) for to, subject, _ in outbox] == [
        ("manager@example.com", "mAI Usage: 1 alert"),
        ("operator@example.com", "mAI Usage: 2 alerts"),
    ]
    to_manager = outbox[0][2]
    assert "próg 80% przekroczony" in to_manager
    assert "dysku" not in to_manager
    opened.close()


def test_an_address_that_is_refused_stops_nobody_else(tmp_path: Path, outbox: Outbox) -> None:
    opened = mailing(tmp_path)
    outbox.refuses = frozenset({"a@example.com"})
    account(opened, "a@example.com", "operator")
    account(opened, "b@example.com", "operator")
    find(opened, DISK)
    assert notify(opened) == 1
    assert [to for to, _, _ in outbox] == ["b@example.com"]
    opened.close()


@pytest.mark.parametrize("address", ["https://hooks.example:port/x", "https://hooks..example/x"])
def test_a_webhook_whose_address_is_none_keeps_no_mail_back(tmp_path: Path, outbox: Outbox, address: str) -> None:
    opened = opened_at(tmp_path, SMTP_HOST="127.0.0.1", SMTP_FROM="mai@example.com", ALERT_WEBHOOK_URL=address)
    account(opened, "operator@example.com", "operator")
    find(opened, DISK)
    assert notify(opened) == 1
    assert len(outbox) == 1
    opened.close()


@pytest.mark.parametrize(
    ("alert", "person", "told"),
    [
        ({"rule": "residual", "client_org_id": "a"}, {"role": "manager", "client_org_id": "a"}, False),
        ({"rule": "limit", "client_org_id": "a"}, {"role": "manager", "client_org_id": "a"}, True),
        ({"rule": "limit", "client_org_id": "a"}, {"role": "analyst", "client_org_id": "b"}, False),
        ({"rule": "limit", "client_org_id": None}, {"role": "accountant", "client_org_id": None}, False),
        ({"rule": "disk", "client_org_id": None}, {"role": "operator", "client_org_id": None}, True),
    ],
)
def test_whom_an_alert_concerns(alert: dict[str, Any], person: dict[str, Any], told: bool) -> None:
    assert concerns(alert, person) is told
