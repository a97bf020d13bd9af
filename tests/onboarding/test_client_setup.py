"""Setting up a client, as an operator does it from the command line."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pytest_httpserver import HTTPServer

import generate_client_env as setup
from mai_core.onboarding import ledger
from mai_core.settings import Settings
from mai_core.store import Store, clients
from tests.onboarding.openrouter_account import MANAGEMENT_KEY, Account, served

NAME = 'O\'Neil "AI" $HOME #1 Łódź'

Run = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and an environment that names nothing."""
    for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def set_up(*flags: str, name: str = NAME) -> int:
        return setup.main(["--unattended", "--organization-name", name, *flags])

    return set_up


@pytest.fixture
def account(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = served(httpserver)
    monkeypatch.setenv("OPENROUTER_API_URL", made.url)
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_flag_writes_the_env_file_only(run: Run, folder: Path) -> None:
    assert run() == 0
    assert [path.name for path in folder.iterdir()] == [".env"]
    values = dotenv_values(".env")
    assert values["ORGANIZATION_NAME"] == NAME
    assert values["CLIENT_ORG_ID"] == values["OPENROUTER_EXTERNAL_USER"] == "mai_client_a49cf61d"
    assert len(values["OPENROUTER_WEBHOOK_SECRET"] or "") >= 32


def test_production_creates_the_client_and_validates(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--production", "--markup", "1.45", "--monthly-limit", "250", "--timezone", "Europe/London") == 0
    assert "validated" in capsys.readouterr().out
    with Store(Path("data/usage_summary.db")) as store, store.read() as db:
        client = clients.require(db, "mai_client_a49cf61d")
    assert (client.name, client.markup_rate, client.monthly_limit) == (NAME, "1.45", "250")
    assert client.timezone == "Europe/London"


def test_twice_changes_nothing(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--production", "--monthly-limit", "250") == 0
    before = everything(folder)
    assert setup.main(["--unattended", "--production"]) == 0
    assert everything(folder) == before
    assert "nothing to change" in capsys.readouterr().out


def test_a_flag_changes_what_it_names_and_nothing_else(run: Run) -> None:
    run()
    before = dotenv_values(".env")
    run("--monthly-limit", "99")
    assert dotenv_values(".env") == {**before, "SPENDING_LIMIT": "99"}


def test_a_renamed_organisation_keeps_its_id_and_secrets(run: Run) -> None:
    run()
    before = dotenv_values(".env")
    run(name="Renamed")
    assert dotenv_values(".env")["ORGANIZATION_NAME"] == "Renamed"
    assert dotenv_values(".env")["CLIENT_ORG_ID"] == before["CLIENT_ORG_ID"]
    assert dotenv_values(".env")["MAI_SECRET_KEY"] == before["MAI_SECRET_KEY"]


def test_what_a_person_added_to_the_file_stays(run: Run) -> None:
    run()
    with Path(".env").open("a") as file:
        file.write("SMTP_HOST=mail.example.com\n")
    run("--monthly-limit", "5")
    assert dotenv_values(".env")["SMTP_HOST"] == "mail.example.com"


def test_a_person_at_a_terminal_is_asked_and_the_defaults_stand(folder: Path) -> None:
    told = {"Name of the organisation": "Acme", "Monthly limit in USD (empty: none)": "100"}
    asked: list[str] = []

    def ask(question: str, standing: str) -> str:
        asked.append(question)
        return told.get(question, standing)

    setup.write_env(Path(".env"), {}, ask, print)
    values = dotenv_values(".env")
    assert (values["ORGANIZATION_NAME"], values["SPENDING_LIMIT"]) == ("Acme", "100")
    assert not any("secret" in question.lower() for question in asked)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--markup", "0"], "USAGE_MARKUP_MULTIPLIER"),
        (["--monthly-limit", "NaN"], "SPENDING_LIMIT"),
        (["--batch-timezone", "Mars/Olympus"], "DAILY_BATCH_TIMEZONE"),
        (["--client-id", "a\nOPENROUTER_API_KEY=x"], "CLIENT_ORG_ID"),
    ],
)
def test_a_value_that_the_program_cannot_take_is_refused_before_anything_is_written(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    assert run(*flags) == 1
    assert message in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_without_a_name_and_a_terminal_the_flag_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["--unattended"]) == 1
    assert "--organization-name" in capsys.readouterr().err


class TestTheFourFunctions:
    def test_database_not_found(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        run()
        assert setup.check_database_connection() is False
        assert "database not found" in capsys.readouterr().err
        assert setup.validate_database_setup() is False

    def test_missing_tables(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        run("--init-database")
        with sqlite3.connect("data/usage_summary.db") as db:
            db.execute("DROP VIEW client_daily_usage")
        assert setup.check_database_connection() is False
        assert "missing tables" in (said := capsys.readouterr().err)
        assert "client_daily_usage" in said

    def test_connection_trouble(
        self, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("--init-database")
        monkeypatch.setattr("mai_core.store.inspection._PATIENCE_MS", 10)
        locked, done = threading.Event(), threading.Event()

        def hold() -> None:
            with Store(Path("data/usage_summary.db")) as store, store.write():
                locked.set()
                done.wait(120)

        holder = threading.Thread(target=hold)
        holder.start()
        locked.wait(120)
        try:
            assert setup.check_database_connection() is False
        finally:
            done.set()
            holder.join()
        assert "no connection to the database" in capsys.readouterr().err

    def test_another_programs_file(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        run("--database", "notes.txt")
        Path("notes.txt").write_text("not a database, and longer than a header of a hundred bytes\n" * 3)
        assert setup.check_database_connection() is False
        assert setup.create_client_organization() is False
        assert "not a SQLite database" in capsys.readouterr().err

    def test_failed_validation(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        run("--init-database")
        with Store(Path("data/usage_summary.db")) as store, store.write() as db:
            clients.update(db, 0, "mai_client_a49cf61d", {"is_active": 0})
        assert setup.validate_database_setup() is False
        assert "failed validation: client mai_client_a49cf61d is switched off" in capsys.readouterr().err

    def test_all_is_well(self, run: Run) -> None:
        run()
        assert setup.create_client_organization() is True
        assert setup.check_database_connection() is True
        assert setup.validate_database_setup() is True
        assert setup.setup_database_for_production() is True


class TestAtOpenRouter:
    FLAGS = ("--create-key", "--create-broadcast", "--public-url", "https://mai.example.com", "--monthly-limit", "200")

    def test_key_and_destination_are_made(self, run: Run, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(*self.FLAGS, "--management-key", MANAGEMENT_KEY, "--init-database") == 0
        (key,), (destination,) = account.keys, account.destinations
        assert key["name"] == f"{NAME} (mai_client_a49cf61d)"
        assert (key["limit"], key["limit_reset"]) == (200, "monthly")
        values = dotenv_values(".env")
        assert values["OPENROUTER_API_KEY"] == account.secrets[0]
        assert values["OPENROUTER_KEY_HASH"] == key["hash"]
        assert capsys.readouterr().out.count(account.secrets[0]) == 1
        assert destination["privacy_mode"] is True
        assert destination["api_key_hashes"] == [key["hash"]]
        assert destination["config"]["url"] == "https://mai.example.com/webhooks/openrouter"
        assert destination["config"]["headers"] == {"Authorization": f"Bearer {values['OPENROUTER_WEBHOOK_SECRET']}"}
        assert "OPENROUTER_MANAGEMENT_KEY" not in values
        with Store(Path("data/usage_summary.db")) as store, store.read() as db:
            assert clients.require(db, "mai_client_a49cf61d").provider_key_hash == key["hash"]

    def test_twice_makes_nothing_twice(self, run: Run, account: Account, folder: Path) -> None:
        run(*self.FLAGS, "--management-key", MANAGEMENT_KEY)
        before = everything(folder)
        assert run(*self.FLAGS, "--management-key", MANAGEMENT_KEY) == 0
        assert (len(account.keys), len(account.destinations)) == (1, 1)
        assert everything(folder) == before

    def test_a_moved_address_changes_the_clients_own_destination_only(self, run: Run, account: Account) -> None:
        account.destinations.append({"id": "destination-0", "name": "mAI Usage mai_client_00000000", "config": {}})
        run(*self.FLAGS, "--management-key", MANAGEMENT_KEY)
        run(
            *self.FLAGS,
            "--management-key",
            MANAGEMENT_KEY,
            "--webhook-url",
            "https://new.example.com/webhooks/openrouter",
        )
        assert account.destinations[0] == {
            "id": "destination-0",
            "name": "mAI Usage mai_client_00000000",
            "config": {},
        }
        assert account.destinations[1]["config"]["url"] == "https://new.example.com/webhooks/openrouter"
        assert len(account.destinations) == 2

    def test_a_key_made_by_hand_is_found_by_its_label(self, run: Run, account: Account) -> None:
        for number in range(120):
            account.new_key(f"other {number}")
        mine = account.new_key("made by hand")
        assert run(*self.FLAGS, "--management-key", MANAGEMENT_KEY, "--api-key", mine) == 0
        assert dotenv_values(".env")["OPENROUTER_KEY_HASH"] == account.keys[-1]["hash"]
        assert len(account.keys) == 121

    def test_a_key_of_that_name_that_nobody_kept_is_never_replaced(
        self, run: Run, account: Account, capsys: pytest.CaptureFixture[str]
    ) -> None:
        account.new_key(f"{NAME} (mai_client_a49cf61d)")
        assert run(*self.FLAGS, "--management-key", MANAGEMENT_KEY) == 1
        assert "told only once" in capsys.readouterr().err
        assert len(account.keys) == 1

    def test_a_wrong_management_key_is_said(
        self, run: Run, account: Account, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(*self.FLAGS, "--management-key", "sk-or-v1-inference") == 1
        assert "must be a management (provisioning) key" in capsys.readouterr().err

    def test_without_a_management_key_the_steps_are_told_with_exact_values(
        self, run: Run, account: Account, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(*self.FLAGS) == 0
        told = capsys.readouterr().out
        assert "200 USD, reset monthly" in told
        assert "https://mai.example.com/webhooks/openrouter" in told
        assert f"Bearer {dotenv_values('.env')['OPENROUTER_WEBHOOK_SECRET']}" in told
        assert account.keys == []

    def test_offline_the_steps_are_told_too(
        self, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENROUTER_API_URL", "http://127.0.0.1:9")
        for more in ([], ["--api-key", "sk-or-v1-x"]):
            assert run(*self.FLAGS, "--management-key", MANAGEMENT_KEY, *more) == 0
            told = capsys.readouterr().out
            assert "cannot be reached" in told
            assert "destination, by hand" in told


def test_the_file_counts_before_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setenv("CLIENT_ORG_ID", "mai_client_ffffffff")
    assert ledger.settings_of(Path(".env")).client_org_id == "mai_client_a49cf61d"
