"""The lake in an S3-compatible bucket: a real server, moto's, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from moto.server import ThreadedMotoServer

from mai_core import archive
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.reports import Reporting, upkeep
from mai_core.reports.bucket import Bucket, BucketUnavailable
from mai_core.reports.explain import explain
from mai_core.reports.sealing import seal
from mai_core.store import Store, archives, rating_books
from tests.builders import CLIENT, NOON, make_arrival
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, fix_rate

OCT_14 = date(2026, 10, 14)


@pytest.fixture
def remote(company: Store, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    settings = installation.settings.model_copy(update={"reporting_url": "s3://reports/mai"})
    bucket = Bucket.of(settings)
    assert bucket is not None
    httpx.put(f"http://{host}:{port}/reports").raise_for_status()
    yield Installation(settings, installation.store, installation.clock, installation.secrets)
    server.stop()


def test_reports_read_sealed_days_from_the_bucket(remote: Installation) -> None:
    reporting = Reporting.of_store(remote.store, remote.settings)
    before = [reporting.rows("by_day", viewer, *OCTOBER) for viewer in (MANAGER, OPERATOR)]
    seal(remote, CLIENT, [OCT_14])
    upkeep.publish(remote)
    for file in remote.settings.lake_dir.glob("*/days/*/*.parquet"):
        file.unlink()
    assert [reporting.rows("by_day", viewer, *OCTOBER) for viewer in (MANAGER, OPERATOR)] == before
    assert reporting.damaged == frozenset()


def test_what_archived_generations_cost_stands_here_and_not_in_the_bucket(remote: Installation) -> None:
    day, at_ms = date(2026, 10, 20), NOON + 6 * 86_400_000
    arrival = make_arrival("gen-old", received_at_ms=at_ms, started_at_ms=at_ms, external_user="kate")
    with remote.store.write() as db:
        book(db, rating_books.load(db, remote.settings), [arrival], at_ms, outbox=False)
    fix_rate(remote.store, "2026-10-20", "3.6789", "203/A/NBP/2026")
    with remote.store.write() as db:
        archives.begin_closing(db, CLIENT, "2026-10-20")
    archive.archive_day(remote, CLIENT, day)
    archive.verify_day(remote, CLIENT, day)
    seal(remote, CLIENT, [day])
    with remote.store.write() as db:
        assert archives.remove_events(db, CLIENT, "2026-10-20", at_ms) == 1
    reporting = Reporting.of_store(remote.store, remote.settings)
    with reporting.open(OPERATOR, day, day, CLIENT, people=("kate",), models=("openai/gpt-4o",)) as page:
        (generation,) = explain(page).parts
    assert generation["raw_pusd"] == arrival.observation.reported_pusd


def test_a_file_that_is_gone_from_the_bucket_is_found_and_written_again(remote: Installation) -> None:
    seal(remote, CLIENT, [OCT_14])
    bucket = Bucket.of(remote.settings)
    assert bucket is not None
    assert upkeep.verify(remote) == []
    (file,) = remote.settings.lake_dir.glob("shared/days/*/*.parquet")
    bucket.delete(f"shared/days/{CLIENT}/{file.name}")
    reporting = Reporting.of_store(remote.store, remote.settings)
    assert reporting.rows("totals", MANAGER, *OCTOBER)[0]["requests"] == 7
    assert len(reporting.damaged) == 1
    assert [damage.reason for damage in upkeep.verify(remote)] == [
        "shared/days in s3://reports/mai is missing or was changed"
    ]
    upkeep.rebuild(remote, damaged_only=True)
    assert upkeep.verify(remote) == []


def test_replaced_files_leave_the_bucket_too(remote: Installation) -> None:
    seal(remote, CLIENT, [date(2026, 10, 13)])
    (old,) = remote.settings.lake_dir.glob("shared/days/*/*.parquet")
    seal(remote, CLIENT, [OCT_14])
    with remote.store.write() as db:
        db.execute("UPDATE sealed_files SET replaced_at_ms = 0 WHERE replaced_at_ms IS NOT NULL")
    upkeep.publish(remote)
    bucket = Bucket.of(remote.settings)
    assert bucket is not None
    assert bucket.digest(f"shared/days/{CLIENT}/{old.name}") is None
    assert bucket.digest("shared/manifest.json") is not None


def test_a_bucket_that_does_not_answer_seals_nothing(remote: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(BucketUnavailable, match="cannot be written"):
        seal(remote, CLIENT, [OCT_14])
    with remote.store.read() as db:
        assert db.execute("SELECT count(*) FROM sealed_days").fetchall() == [(0,)]


def test_another_kind_of_address_is_refused(remote: Installation) -> None:
    with pytest.raises(MaiError, match="must begin with s3://"):
        Bucket.of(remote.settings.model_copy(update={"reporting_url": "ftp://x"}))
