"""What the started processes are told."""

from __future__ import annotations

from pathlib import Path

from mai_core.launch import banner, processes
from mai_core.launch.environment import OUTSIDE, child_environment, plan_of
from mai_core.launch.serving import has_client
from mai_core.settings import load_settings
from mai_core.store import Store
from tests.builders import make_client

REAL = {
    "CLIENT_ORG_ID": "mai_client_63a4eb6d",
    "OPENROUTER_API_KEY": "sk-or-v1-real",
    "INFLUXDB_URL": "https://influx.example.com",
    "SMTP_HOST": "mail.example.com",
    "MAI_HOST": "0.0.0.0",
}


def told(tmp_path: Path, *, demo: bool, **more: str) -> dict[str, str]:
    environ = {**REAL, "MAI_DATA_DIR": str(tmp_path), **more}
    settings = load_settings(environ, tmp_path / ".env")
    plan = plan_of(settings, demo=demo, api_port=8100, app_port=8200)
    return child_environment(plan, environ)


def test_all_processes_hear_of_the_ports_that_were_taken(tmp_path: Path) -> None:
    environment = told(tmp_path, demo=False)
    assert (environment["API_PORT"], environment["APP_PORT"]) == ("8100", "8200")
    assert load_settings(environment, tmp_path / ".env").api_url == "http://127.0.0.1:8100"


def test_a_demo_reaches_nothing_real(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ALERT_WEBHOOK_URL=https://alerts.example.com\nDATABASE_URL=/srv/webui.db\n")
    settings = load_settings(told(tmp_path, demo=True), tmp_path / ".env")
    assert [name for name in OUTSIDE if str(getattr(settings, name.lower())) not in ("", "None")] == []


def test_a_demo_listens_on_loopback_only_and_keeps_its_data_apart(tmp_path: Path) -> None:
    environment = told(tmp_path, demo=True)
    assert environment["MAI_HOST"] == "127.0.0.1"
    assert environment["MAI_DATA_DIR"] == str(tmp_path / "demo")
    assert environment["USAGE_SUMMARY_DB"] == str(tmp_path / "demo" / "usage_summary.db")


def test_two_demos_have_different_secrets(tmp_path: Path) -> None:
    first, second = told(tmp_path, demo=True), told(tmp_path, demo=True)
    assert first["OPENROUTER_WEBHOOK_SECRET"] != second["OPENROUTER_WEBHOOK_SECRET"]
    assert first["MAI_OPERATOR_TOKEN"] != second["MAI_OPERATOR_TOKEN"]


def test_a_real_installation_is_told_its_own_settings(tmp_path: Path) -> None:
    environment = told(tmp_path, demo=False)
    assert environment["MAI_DEMO"] == "false"
    assert {name: environment[name] for name in REAL} == REAL


def test_somebody_is_set_up_when_the_environment_or_the_ledger_knows_a_client(tmp_path: Path) -> None:
    nobody = load_settings({"MAI_DATA_DIR": str(tmp_path)}, tmp_path / ".env")
    assert not has_client(nobody)
    with Store(nobody.usage_summary_db) as store:
        assert not has_client(nobody)
        make_client(store)
    assert has_client(nobody)
    assert has_client(load_settings({"CLIENT_ORG_ID": "mai_client_1"}, tmp_path / ".env"))


def test_the_procfile_starts_api_pages_and_jobs_and_the_pages_give_way() -> None:
    commands = processes.commands()
    assert list(commands) == ["api", "app", "jobs"]
    assert "nice -n 10" in commands["app"]


def test_the_banner_names_page_roles_and_a_curl_line() -> None:
    curl = banner.curl_line("http://127.0.0.1:8000", "secret", "acme_user_1", "openai/gpt-4o")
    text = banner.banner("http://127.0.0.1:8080", "http://127.0.0.1:8000", demo=True, data_dir="data", curl=curl)
    for role in ("operator", "accountant", "manager", "analyst"):
        assert f"http://127.0.0.1:8080/auth/demo-login?role={role}" in text
    assert "curl -sS" in text
    assert "/api/v1/events" in text
