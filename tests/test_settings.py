"""Settings: read once, refused in one sentence, secrets never shown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from mai_core.days import parse_instant_ms
from mai_core.errors import MaiError
from mai_core.settings import database_path, load_settings, settings_rows


def test_defaults_work_without_any_environment(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path / ".env")
    assert (settings.usage_summary_db, settings.mai_data_dir) == (Path("data/usage_summary.db"), Path("data"))
    assert (settings.api_port, settings.app_port, settings.nbp_port) == (8000, 8080, 8001)
    assert settings.mai_role == "hub"
    assert settings.mai_clock is None


def test_the_environment_wins_over_the_file_and_an_empty_value_counts_as_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("API_PORT=9000\nAPP_PORT=9001\nORGANIZATION_NAME='O''Neil $HOME'\n")
    settings = load_settings({"API_PORT": "9100", "APP_PORT": ""}, file)
    assert (settings.api_port, settings.app_port) == (9100, 8080)


def test_the_data_folder_and_the_ledger_follow_each_other() -> None:
    assert load_settings({"USAGE_SUMMARY_DB": "x/ledger.db"}).mai_data_dir == Path("x")
    assert load_settings({"MAI_DATA_DIR": "y"}).usage_summary_db == Path("y/usage_summary.db")
    both = load_settings({"MAI_DATA_DIR": "y", "USAGE_SUMMARY_DB": "x/ledger.db"})
    assert (both.mai_data_dir, both.usage_summary_db) == (Path("y"), Path("x/ledger.db"))


@pytest.mark.parametrize("text", ["sqlite:////app/x.db", "sqlite:///app/x.db", "/app/x.db"])
def test_paths_of_a_container_mean_the_same_file(text: str) -> None:
    expected = Path("/app/x.db") if Path("/app").is_dir() else Path("app/x.db")
    assert database_path(text) == expected


def test_other_paths_are_taken_as_they_are() -> None:
    assert database_path("sqlite:////srv/x.db") == Path("/srv/x.db")
    assert database_path("data/x.db") == Path("data/x.db")


def test_a_container_of_one_client_is_a_client() -> None:
    assert load_settings({"CLIENT_ORG_ID": "mai_client_x"}).mai_role == "client"
    assert load_settings({"CLIENT_ORG_ID": "mai_client_x", "MAI_ROLE": "hub"}).mai_role == "hub"


def test_values_are_typed() -> None:
    settings = load_settings(
        {"MAI_CLOCK": "2026-10-14T12:00:00+02:00", "USAGE_MARKUP_MULTIPLIER": "1.45", "SPENDING_LIMIT": "100"}
    )
    assert settings.mai_clock == parse_instant_ms("2026-10-14T10:00:00Z")
    assert settings.usage_markup_multiplier == Decimal("1.45")
    assert settings.spending_limit == 100


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("API_PORT", "eighty", "valid integer"),
        ("API_PORT", "70000", "less than or equal to 65535"),
        ("USAGE_MARKUP_MULTIPLIER", "0", "above 0"),
        ("USAGE_MARKUP_MULTIPLIER", "a lot", "is not a number"),
        ("SPENDING_LIMIT", "-1", "0 or more"),
        ("MAI_CLOCK", "yesterday", "2026-11-21T13:00:00Z"),
        ("DAILY_BATCH_TIME", "25:00", "pattern"),
        ("DAILY_BATCH_TIMEZONE", "Mars/Olympus", "Europe/Warsaw"),
        ("MAI_ROLE", "boss", "'hub' or 'client'"),
        ("MAI_DEMO", "perhaps", "valid boolean"),
        ("NBP_API_URL", "ftp://x", "http://"),
    ],
)
def test_a_wrong_value_names_variable_value_and_what_is_allowed(variable: str, value: str, allowed: str) -> None:
    with pytest.raises(MaiError) as refused:
        load_settings({variable: value})
    sentence = str(refused.value)
    assert sentence.startswith(f"{variable}={value!r} cannot be used: ")
    assert allowed in sentence
    assert "\n" not in sentence


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    settings = load_settings({"OPENROUTER_API_KEY": "sk-or-v1-canary", "SMTP_PASSWORD": "canary"})
    rows = {name: value for name, value, _ in settings_rows(settings)}
    assert rows["OPENROUTER_API_KEY"] == "********"
    assert rows["MAI_OPERATOR_TOKEN"] == ""
    assert "canary" not in str(rows) + repr(settings)


def test_an_address_is_shown_without_what_opens_it() -> None:
    settings = load_settings(
        {
            "INFLUXDB_URL": "https://writer:canary@influx.example:8086",
            "DATABASE_URL": "postgresql://reader:canary@db.example/webui",
            "ALERT_WEBHOOK_URL": "https://hooks.chat.example/services/T1/canary",
        }
    )
    rows = {name: value for name, value, _ in settings_rows(settings)}
    assert rows["INFLUXDB_URL"] == "https://influx.example:8086"
    assert rows["DATABASE_URL"] == "postgresql://db.example/webui"
    assert rows["ALERT_WEBHOOK_URL"] == "https://hooks.chat.example/********"
    with pytest.raises(MaiError, match=r"INFLUXDB_URL='ftp://influx.example' cannot"):
        load_settings({"INFLUXDB_URL": "ftp://writer:canary@influx.example"})


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, _, description in settings_rows(load_settings({})) if not description] == []
