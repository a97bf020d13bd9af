from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mai_core import doctor
from mai_core.cli import main
from mai_core.doctor import engines, ledger, neighbours, places
from mai_core.doctor.lines import Line
from mai_core.installation import open_installation
from mai_core.secrets_box import SecretBox
from mai_core.settings import Settings, load_settings
from mai_core.store import Store, clients
from mai_core.store.inspection import migrations_to_come
from tests.builders import CLIENT, make_client
from tests.legacy_import.conftest import OldDatabase


def settings_of(tmp_path: Path, **other: str) -> Settings:
    return load_settings({"MAI_DATA_DIR": str(tmp_path / "data"), **other}, tmp_path / ".env")


def levels(lines: list[Line]) -> dict[str, str]:
    return {line.topic: line.level for line in lines}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(500 if "broken" in self.path else 200)
        self.end_headers()
        if "query" in self.path:
            told = '{"error": "database not found: other"}' if "db=other" in self.path else '{"statement_id": 0}'
            self.wfile.write(f'{{"results": [{told}]}}'.encode())

    def do_POST(self) -> None:
        told = b'{"code": "forbidden", "message": "insufficient permissions for write"}'
        self.send_response(403 if "read-only" in self.path else 204)
        self.end_headers()
        self.wfile.write(told if "read-only" in self.path else b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw
31 22 8:1 /var/lib/x /app/my\\040data rw - ext4 /dev/sda1 rw
32 22 0:50 / /app/share rw - nfs4 server:/share rw
"""


def test_in_a_container_the_database_must_be_on_a_volume() -> None:
    mounted = places.mounts(MOUNTS)
    (line,) = places._place_lines(Path("/app/data/usage.db"), True, mounted)
    assert (line.level, "lost with it" in line.text) == ("error", True)
    (line,) = places._place_lines(Path("/app/my data/usage.db"), True, mounted)
    assert (line.level, "/app/my data" in line.text) == ("ok", True)
    assert places._place_lines(Path("/app/data/usage.db"), False, mounted) == []


def test_a_network_file_system_is_an_error_everywhere() -> None:
    (line,) = places._place_lines(Path("/app/share/usage.db"), False, places.mounts(MOUNTS))
    assert (line.level, "nfs4" in line.text) == ("error", True)


def test_the_doctor_always_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*command: object, **_: object) -> None:
        raise subprocess.TimeoutExpired("python", 60)

    monkeypatch.setattr(engines.subprocess, "run", slow)
    (line,) = doctor._safely(engines.duckdb_lines, settings_of(tmp_path))
    assert (line.topic, line.level, "timed out" in line.text) == ("duckdb", "error", True)


@pytest.mark.parametrize("written_by", ["nobody yet", "an older version"])
def test_the_doctor_leaves_a_ledger_that_is_not_up_to_date_as_it_is(tmp_path: Path, written_by: str) -> None:
    settings = settings_of(tmp_path)
    settings.usage_summary_db.parent.mkdir()
    if written_by == "nobody yet":
        settings.usage_summary_db.touch()
    else:
        with Store(settings.usage_summary_db) as store, store.write() as db:
            db.execute("DROP TABLE reconciled_days; DELETE FROM schema_migrations WHERE name = '008_reconciled_days'")
    before = migrations_to_come(settings.usage_summary_db)
    (line,) = ledger.content_lines(settings)
    assert (line.level, "the API" in line.remedy) == ("warning", True)
    assert migrations_to_come(settings.usage_summary_db) == before != []


def test_the_databases_absolute_path_is_named(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    (line, *_) = places.ledger_lines(settings)
    assert (line.level, str(tmp_path / "data" / "usage_summary.db") in line.text) == ("warning", True)
    open_installation(settings).close()
    (line, *_) = places.ledger_lines(settings)
    assert (line.level, str(tmp_path / "data" / "usage_summary.db") in line.text) == ("ok", True)
    assert levels(places.disk_lines(settings)) in ({"disk": "ok"}, {"disk": "warning"})


def test_nothing_is_made_that_is_not_there(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert ledger.content_lines(settings) == []
    assert not (tmp_path / "data").exists()


def test_an_empty_ledger_says_how_to_begin(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    open_installation(settings).close()
    told = levels(ledger.content_lines(settings))
    assert told == {"contents": "warning", "last batch": "warning", "secret key": "ok"}


def test_what_is_in_the_ledger(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MAI_CLOCK="2026-10-14T12:00:00Z", MAI_SECRET_KEY="k")
    with open_installation(settings).store as store:
        make_client(store)
        with store.write() as db:
            db.execute(
                "INSERT INTO quarantine (received_at_ms, last_seen_at_ms, source, reason_code, reason, sha256)"
                " VALUES (0, 0, 'openrouter', 'x', 'x', 'x')"
            )
            db.execute(
                "INSERT INTO batch_runs (batch_date, step, state, started_at_ms, process)"
                " VALUES ('2026-10-10', 'batch', 'ok', 1791000000000, 'p')"
            )
    told = {line.topic: line for line in ledger.content_lines(settings)}
    assert told["contents"].text == "1 clients, no events, 0 rows of days, 0 imported"
    assert told["quarantine"].level == "warning"
    assert "more than two days ago" in told["last batch"].text
    assert doctor._settings_lines(settings)[1].topic == "clock"


def test_a_failed_batch_is_an_error(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with open_installation(settings).store as store, store.write() as db:
        db.execute(
            "INSERT INTO batch_runs (batch_date, step, state, started_at_ms, process, error)"
            " VALUES ('2026-10-10', 'batch', 'failed', 0, 'p', 'no space')"
        )
    (line,) = [line for line in ledger.content_lines(settings) if line.topic == "last batch"]
    assert (line.level, "no space" in line.text) == ("error", True)


def test_a_key_that_opens_nothing_is_an_error(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MAI_SECRET_KEY="the right one")
    with open_installation(settings).store as store:
        make_client(store)
        with store.write() as db:
            box = SecretBox("the right one")
            clients.update(db, 0, CLIENT, {"openrouter_api_key": "sk-or-1"}, secrets=box)
    assert levels(ledger.content_lines(settings))["secret key"] == "ok"
    wrong = settings_of(tmp_path, MAI_SECRET_KEY="another")
    assert levels(ledger.content_lines(wrong))["secret key"] == "error"


def test_another_programs_database_is_named_as_such(tmp_path: Path) -> None:
    OldDatabase(tmp_path / "webui.db")
    settings = settings_of(tmp_path, USAGE_SUMMARY_DB=str(tmp_path / "webui.db"))
    (line,) = ledger.content_lines(settings)
    assert (line.level, "import-legacy" in line.text) == ("error", True)


def test_ports_are_free_ours_or_taken(upstream: str, nobody: str, tmp_path: Path) -> None:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    settings = settings_of(
        tmp_path,
        API_PORT=upstream.rpartition(":")[2],
        APP_PORT=nobody.rpartition(":")[2],
        NBP_PORT=str(taken.getsockname()[1]),
    )
    Thread(target=_refuse_one, args=(taken,), daemon=True).start()
    api, pages, rates = neighbours.port_lines(settings)
    taken.close()
    assert (api.level, "running" in api.text) == ("ok", True)
    assert (pages.level, "free" in pages.text) == ("ok", True)
    assert (rates.level, "something else" in rates.text) == ("warning", True)


def _refuse_one(server: socket.socket) -> None:
    try:
        while True:
            server.accept()[0].close()
    except OSError:
        return


def test_neighbours_that_answer_and_that_do_not(upstream: str, nobody: str, tmp_path: Path) -> None:
    def told(url: str) -> dict[str, str]:
        settings = settings_of(tmp_path, OPENROUTER_API_URL=url, NBP_API_URL=url, INFLUXDB_URL=url)
        return levels(
            [
                *neighbours.openrouter_lines(settings),
                *neighbours.nbp_lines(settings),
                *neighbours.influx_lines(settings),
            ]
        )

    assert set(told(upstream).values()) == {"ok"}
    assert set(told(nobody).values()) == {"warning"}
    assert set(told(f"{upstream}/broken").values()) == {"warning"}
    service = settings_of(tmp_path, NBP_SERVICE_URL=nobody)
    assert "NBP_SERVICE_URL" in neighbours.nbp_lines(service)[0].remedy
    assert neighbours.influx_lines(service)[0].level == "ok"


def test_no_line_tells_the_login_that_stands_in_an_address(upstream: str, nobody: str, tmp_path: Path) -> None:
    for address in (upstream, nobody, f"{upstream}/broken"):
        url = address.replace("//", "//reader:canary@")
        settings = settings_of(tmp_path, OPENROUTER_API_URL=url, NBP_API_URL=url, INFLUXDB_URL=url)
        told = [
            *neighbours.openrouter_lines(settings),
            *neighbours.nbp_lines(settings),
            *neighbours.influx_lines(settings),
        ]
        assert "canary" not in str(told)
        assert address.partition("//")[2] in str(told)


def test_an_influxdb_that_answers_but_has_no_such_bucket(upstream: str, tmp_path: Path) -> None:
    (line,) = neighbours.influx_lines(settings_of(tmp_path, INFLUXDB_URL=upstream, INFLUXDB_BUCKET="other"))
    assert (line.level, "database not found: other" in line.text) == ("warning", True)
    assert "INFLUXDB_BUCKET" in line.remedy
    assert "dbrp" in line.text


def test_an_influxdb_that_may_be_read_but_not_written(upstream: str, tmp_path: Path) -> None:
    (line,) = neighbours.influx_lines(settings_of(tmp_path, INFLUXDB_URL=upstream, INFLUXDB_BUCKET="read-only"))
    assert (line.level, "insufficient permissions for write" in line.text) == ("warning", True)
    assert "INFLUXDB_TOKEN" in line.remedy


def test_open_webuis_database(tmp_path: Path) -> None:
    def told(url: str) -> Line:
        return neighbours.open_webui_lines(settings_of(tmp_path, DATABASE_URL=url))[0]

    OldDatabase(tmp_path / "webui.db")
    assert told("").level == "ok"
    assert told("postgresql://db/webui").level == "warning"
    assert told(f"sqlite:///{tmp_path}/webui.db").level == "error"


def test_duckdbs_extension_loads_without_network_or_home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = engines.duckdb_lines(settings)
    assert (line.level, "offline" in line.text) == ("ok", True)
    monkeypatch.setattr(engines, "_LOAD", "raise SystemExit('no wheel')")
    (line,) = engines.duckdb_lines(settings)
    assert (line.level, "no wheel" in line.text) == ("error", True)
    assert engines.sqlite_lines()[0].level == "ok"


def test_the_command_prints_remedies_and_fails_on_an_error(
    upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    OldDatabase(tmp_path / "webui.db")
    for name in ("OPENROUTER_API_URL", "NBP_API_URL"):
        monkeypatch.setenv(name, upstream)
    monkeypatch.setenv("USAGE_SUMMARY_DB", str(tmp_path / "webui.db"))
    monkeypatch.setattr(engines, "_LOAD", "print('1.0')")
    monkeypatch.setattr(places, "in_container", lambda: False)
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "ERROR    contents" in told
    assert "-> name the right file with USAGE_SUMMARY_DB" in told


def test_a_look_that_fails_is_a_line_and_the_doctor_goes_on(settings: Settings) -> None:
    def broken_lines(settings: Settings) -> list[Line]:
        raise OSError("the disk is gone")

    (line,) = doctor._safely(broken_lines, settings)
    assert (line.topic, line.level, line.text) == ("broken", "error", "the disk is gone")
