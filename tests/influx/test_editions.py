"""Buckets named `a/b`, and points of somebody who counts in another type: each edition has its own mind."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import httpx
import pytest

from mai_core.influx.comparing import compare_day
from mai_core.influx.sending import send_waiting
from mai_core.influx.server import Missing, Server
from mai_core.installation import Installation, open_installation
from tests.builders import CLIENT, NOON, make_client
from tests.influx.conftest import influx_settings
from tests.influx.test_sending import queue, waiting

DAY = date(2026, 10, 14)
BUCKET = "by-team/long-term"


def names(found: list[dict[str, object]]) -> list[object]:
    return [point["generation_id"] for point in found]


def test_a_bucket_with_a_slash_is_a_database_and_a_policy_to_a_real_server(influxd: str, tmp_path: Path) -> None:
    for made in ("CREATE DATABASE", "CREATE RETENTION POLICY"):
        rest = '"by-team"' if made == "CREATE DATABASE" else '"long-term" ON "by-team" DURATION INF REPLICATION 1'
        httpx.post(f"{influxd}/query", params={"q": f"{made} {rest}"}).raise_for_status()
    settings = influx_settings(tmp_path, influxd, INFLUXDB_WRITE_TIMEOUT="10000", INFLUXDB_BUCKET=BUCKET)
    installation = open_installation(settings)
    make_client(installation.store)
    queue(installation, "gen-a", "gen-b")
    with contextlib.closing(Server(settings)) as server:
        assert send_waiting(installation, server).points == 2
        assert compare_day(installation, server, CLIENT, DAY).equal == 2
    installation.close()


def answer_of_3_core(request: httpx.Request) -> httpx.Response:
    """There a database may be called `a/b`, and the parameter `rp` is not asked."""
    asked = request.url.params
    if asked["db"] != BUCKET:
        return httpx.Response(200, json={"results": [{"error": f"Database {asked['db']} not found"}]})
    point = {"columns": ["time", "generation_id"], "values": [[1, "gen-a"]]}
    return httpx.Response(200, json={"results": [{"statement_id": 0, "series": [point]}]})


def answer_of_2_9(request: httpx.Request) -> httpx.Response:
    """There the bucket `a/b` is mapped to the policy `b` of the database `a`."""
    asked = request.url.params
    if asked["db"] != "by-team":
        return httpx.Response(200, json={"results": [{"error": f"database not found: {asked['db']}"}]})
    assert 'FROM "by-team"."long-term"."usage_tracking"' in asked["q"]
    point = {"columns": ["time", "generation_id"], "values": [[1, "gen-a"]]}
    return httpx.Response(200, json={"results": [{"statement_id": 0, "series": [point]}]})


@pytest.mark.parametrize("answer", [answer_of_3_core, answer_of_2_9])
def test_a_bucket_with_a_slash_is_read_from_every_edition(answer: object, tmp_path: Path) -> None:
    settings = influx_settings(tmp_path, "http://influx.test", INFLUXDB_BUCKET=BUCKET)
    with contextlib.closing(Server(settings, httpx.MockTransport(answer))) as server:  # type: ignore[arg-type]
        assert names(list(server.points(0, 1))) == ["gen-a"]
        assert names(list(server.points(0, 1))) == ["gen-a"]


def test_a_bucket_that_nobody_made_is_missing_whatever_its_name(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"results": [{"error": "database not found: x"}]})

    for bucket in ("plain", "with/slash"):
        settings = influx_settings(tmp_path, "http://influx.test", INFLUXDB_BUCKET=bucket)
        server = Server(settings, httpx.MockTransport(answer))
        with contextlib.closing(server), pytest.raises(Missing, match=f"influx bucket create --name {bucket}"):
            list(server.points(0, 1))


@pytest.mark.parametrize("tokens", ["100", "100i"])
def test_whoever_came_first_settles_what_tokens_is(real: tuple[Installation, Server], tokens: str) -> None:
    """Points written by hand say `tokens=100`, a float: none of ours could be stored beside them."""
    installation, server = real
    tags = f"client_org_id={CLIENT},model=openai/gpt-4o,external_user=ewa"
    server.write([f"usage_tracking,{tags} tokens={tokens},cost_usd=0.1 {(NOON + 1) * 1_000_000}"])
    queue(installation, "gen-a", "gen-b")
    assert send_waiting(installation, server).points == 2
    assert waiting(installation) == (0, 0)
    compared = compare_day(installation, server, CLIENT, DAY)
    assert (compared.equal, len(compared.missing_here), compared.different) == (2, 1, [])


def test_tokens_may_be_another_type_in_every_shard(real: tuple[Installation, Server]) -> None:
    """A server keeps weeks apart, and each has types of its own."""
    installation, server = real
    week_ms = 7 * 86_400_000
    for at_ms, tokens in ((NOON, "5"), (NOON - 2 * week_ms, "5i")):
        server.write([f"usage_tracking,client_org_id={CLIENT},model=m tokens={tokens} {at_ms * 1_000_000}"])
    queue(installation, "gen-a")
    queue(installation, "gen-b", started_at_ms=NOON - 2 * week_ms)
    assert send_waiting(installation, server).points == 2
    assert waiting(installation) == (0, 0)


@pytest.mark.parametrize(
    "name", ["a b,c=d", "back\\slash", "ends with \\", "comma\\,", 'quo"te', "zażółć 🦆", "\\", "a=\\"]
)
def test_no_name_breaks_its_line(real: tuple[Installation, Server], name: str) -> None:
    installation, server = real
    queue(installation, "gen-" + name, "gen-b", model=name, external_user=name)
    assert send_waiting(installation, server).points == 2
    assert waiting(installation) == (0, 0)
    assert compare_day(installation, server, CLIENT, DAY).agrees
