"""An account that lies, stutters or refuses is told so in words; nothing is made of such an answer."""

from __future__ import annotations

from datetime import date

import pytest
from pytest_httpserver import HTTPServer

from mai_core.upstream.http import UpstreamError
from mai_core.upstream.openrouter_account import Account, Credits

DAY = date(2026, 10, 12)


@pytest.fixture
def account(httpserver: HTTPServer) -> Account:
    return Account(httpserver.url_for("").rstrip("/"), "sk-or-v1-management")


ROW = '{"date":"2026-10-12","model":"a/x","provider_name":"P","usage":%s,"requests":%s,"prompt_tokens":1}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>maintenance</html>", "not JSON"),
        ('{"data":[{"date":"2026-10-12"', "not JSON"),
        ("[]", "something else than an object"),
        ('{"data":{}}', "without a list of rows"),
        ('{"data":[' + ROW % ("NaN", "1") + "]}", "not JSON"),
        ('{"data":[' + ROW % ('"a lot"', "1") + "]}", "usage: is not a number"),
        ('{"data":[' + ROW % ("0.1", '"some"') + "]}", "no count"),
        ('{"data":[' + ROW % ("0.1", "-4") + "]}", "negative requests"),
        ('{"data":[' + (ROW % ("0.1", "1")).replace("2026-10-12", "yesterday") + "]}", "is not a day"),
    ],
)
def test_activity_that_cannot_be_believed(httpserver: HTTPServer, account: Account, body: str, said: str) -> None:
    httpserver.expect_request("/activity").respond_with_data(body, content_type="application/json")
    with pytest.raises(UpstreamError, match=said):
        account.activity()


def test_counts_may_come_as_text_and_endpoints_of_a_provider_are_one_row(
    httpserver: HTTPServer, account: Account
) -> None:
    body = '{"data":[' + ROW % ("0.1", '"2"') + "," + ROW % ('"0.2"', "3") + "]}"
    httpserver.expect_request("/activity").respond_with_data(body, content_type="application/json")
    (one,) = account.activity("hash")
    assert (one.requests, one.cost_pusd, one.day) == (5, 3 * 10**11, DAY)


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"data": {"data": [{"total_usage": 1}], "metadata": {}}},
        {"data": {"data": [], "metadata": {"truncated": True}}},
    ],
)
def test_ids_that_cannot_be_had(httpserver: HTTPServer, account: Account, body: object) -> None:
    httpserver.expect_request("/analytics/query").respond_with_json(body)
    with pytest.raises(UpstreamError):
        account.generations(DAY, "hash")


def test_a_generation_that_is_not_known_is_none_and_a_fault_is_a_fault(
    httpserver: HTTPServer, account: Account
) -> None:
    httpserver.expect_oneshot_request("/generation").respond_with_data("no", status=404)
    assert account.generation("gen-1") is None
    httpserver.expect_oneshot_request("/generation").respond_with_data("no", status=500)
    with pytest.raises(UpstreamError, match="500"):
        account.generation("gen-1")


def test_credits(httpserver: HTTPServer, account: Account) -> None:
    httpserver.expect_oneshot_request("/credits").respond_with_json({"data": {"total_credits": 2, "total_usage": 1}})
    assert account.credits() == Credits(2 * 10**12, 10**12)
    httpserver.expect_oneshot_request("/credits").respond_with_json({"data": None})
    with pytest.raises(UpstreamError, match="without data"):
        account.credits()


def test_all_pages_of_keys_are_read(httpserver: HTTPServer, account: Account) -> None:
    page = [{"hash": f"h{n}", "name": "k", "label": "sk...", "usage": 0, "limit": 5} for n in range(100)]
    httpserver.expect_request("/keys", query_string={"offset": "0", "include_disabled": "true"}).respond_with_json(
        {"data": page}
    )
    httpserver.expect_request("/keys", query_string={"offset": "100", "include_disabled": "true"}).respond_with_json(
        {"data": page[:1]}
    )
    assert len(account.keys()) == 101
