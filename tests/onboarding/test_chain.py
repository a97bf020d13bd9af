"""From an empty folder to the first event, resumed where it stopped; nobody else notices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from mai_core.cli import main
from mai_core.errors import MaiError
from mai_core.installation import open_installation
from mai_core.intake.booking import book
from mai_core.onboarding import ledger
from mai_core.onboarding.chain import STATE_FILE, STEPS, Order, invite_manager, onboard
from mai_core.settings import Settings
from mai_core.store import Store, dicts, rating_books
from tests.builders import make_arrival
from tests.onboarding.openrouter_account import MANAGEMENT_KEY, Account, served

ACME = {"ORGANIZATION_NAME": "Acme", "MAI_PUBLIC_URL": "https://acme.example.com", "SPENDING_LIMIT": "100"}


@pytest.fixture(autouse=True)
def _bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def account(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    made = served(httpserver)
    with monkeypatch.context() as patched:
        patched.setenv("OPENROUTER_API_URL", made.url)
        yield made


class Said(list[str]):
    def __call__(self, text: str) -> None:
        self.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self)


def receive_event(client_org_id: str) -> None:
    installation = open_installation(ledger.settings_of(Path(".env")))
    try:
        with installation.store.write() as db:
            arrival = make_arrival(client=client_org_id, cost="0.0123")
            book(db, rating_books.load(db, installation.settings), [arrival], installation.now_ms(), outbox=False)
    finally:
        installation.close()


def test_from_an_empty_folder_to_the_first_event(account: Account, tmp_path: Path) -> None:
    order = Order(Path(), ACME, management_key=MANAGEMENT_KEY, manager_email="anna@acme.example.com", app_port=8123)
    said = Said()
    assert not onboard(order, said)
    assert "no event has come in yet" in said.text
    assert "/password?link=" in said.text
    assert '"127.0.0.1:8123:8080"' in (tmp_path / "docker-compose.yml").read_text()
    client = ledger.settings_of(Path(".env")).client_org_id
    receive_event(client)
    said = Said()
    assert onboard(Order(Path()), said)
    assert "received: openai/gpt-4o, 0.012300 USD, Osoba" in said.text
    assert said.text.count("done before") == len(STEPS) - 1
    assert (len(account.keys), len(account.destinations)) == (1, 1)


@pytest.mark.parametrize("stops_at", range(len(STEPS)))
def test_it_goes_on_where_it_stopped(account: Account, stops_at: int) -> None:
    """Ctrl-C, a crash or no network at any step: the second run ends as an undisturbed one does."""

    def broken(order: Order, say: object) -> bool:
        raise MaiError("the cable was pulled")

    order = Order(Path(), ACME, management_key=MANAGEMENT_KEY, manager_email="anna@acme.example.com")
    steps = [(name, broken if number == stops_at else step) for number, (name, step) in enumerate(STEPS)]
    with pytest.raises(MaiError, match="cable"):
        onboard(order, Said(), steps)
    resumed = Order(Path(), {} if stops_at else ACME, management_key=MANAGEMENT_KEY, manager_email=order.manager_email)
    said = Said()
    onboard(resumed, said)
    assert said.text.count("done before") == stops_at
    assert (len(account.keys), len(account.destinations)) == (1, 1)
    receive_event(ledger.settings_of(Path(".env")).client_org_id)
    assert onboard(Order(Path()), Said())


def test_without_a_management_key_it_tells_the_steps_and_takes_the_key_later(account: Account) -> None:
    said = Said()
    assert not onboard(Order(Path(), ACME), said)
    assert "by hand" in said.text
    assert "waits for the key" in said.text
    mine = account.new_key("made by hand")
    said = Said()
    onboard(Order(Path(), {"OPENROUTER_API_KEY": mine}, management_key=MANAGEMENT_KEY), said)
    assert account.destinations[0]["api_key_hashes"] == [account.keys[0]["hash"]]


def test_a_compose_file_that_a_person_changed_is_left_alone(account: Account) -> None:
    Path("docker-compose.yml").write_text("# mine\n")
    onboard(Order(Path(), ACME, management_key=MANAGEMENT_KEY), Said())
    assert Path("docker-compose.yml").read_text() == "# mine\n"


def test_client_21_changes_no_byte_of_the_other_20(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_up(number: int) -> None:
        folder = tmp_path / f"client-{number}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        told = {**ACME, "ORGANIZATION_NAME": f"Client {number}", "MAI_PUBLIC_URL": f"https://c{number}.example.com"}
        onboard(Order(Path(), told, management_key=MANAGEMENT_KEY), Said(), STEPS[:-2])

    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    for number in range(1, 21):
        set_up(number)
    files, keys, destinations = everything(), list(map(dict, account.keys)), list(map(dict, account.destinations))
    set_up(21)
    after = everything()
    assert {name: body for name, body in after.items() if "client-21" not in name} == files
    assert account.keys[:20] == keys
    assert account.destinations[:20] == destinations
    assert (len(account.keys), len(account.destinations)) == (21, 21)


def test_client_21_of_one_shared_ledger_changes_no_row_of_the_other_20(account: Account, tmp_path: Path) -> None:
    shared = str(tmp_path / "hub" / "usage_summary.db")

    def set_up(number: int) -> None:
        env = tmp_path / f"{number}.env"
        env.write_text(
            f"CLIENT_ORG_ID=mai_client_{number:08d}\nORGANIZATION_NAME=Client {number}\nUSAGE_SUMMARY_DB={shared}\n"
        )
        ledger.create_client(ledger.settings_of(env), {})

    def rows() -> list[dict[str, object]]:
        with Store(Path(shared)) as store, store.read() as db:
            return [
                *dicts(db, "SELECT * FROM client_organizations WHERE name <> 'Client 21' ORDER BY id"),
                *dicts(
                    db,
                    "SELECT * FROM markup_history WHERE client_org_id <> 'mai_client_00000021' ORDER BY client_org_id",
                ),
            ]

    for number in range(1, 21):
        set_up(number)
    before = rows()
    set_up(21)
    assert rows() == before
    assert len(before) == 40


def test_the_command_does_all_of_it_unattended(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--unattended", "--folder", "acme", "--organization-name", "Acme", "--management-key", MANAGEMENT_KEY]
    assert main(["onboard", *flags, "--public-url", "https://acme.example.com"]) == 0
    said = capsys.readouterr().out
    assert "[7/7] first event" in said
    assert "Not complete yet" in said
    assert {path.name for path in (tmp_path / "acme").iterdir()} >= {".env", "data", "docker-compose.yml", STATE_FILE}


def test_an_invitation_for_somebody_who_has_an_account_is_said(account: Account) -> None:
    order = Order(Path(), ACME, management_key=MANAGEMENT_KEY, manager_email="anna@acme.example.com")
    onboard(order, Said())
    house = open_installation(ledger.settings_of(Path(".env")))
    with house.store.write() as db:
        db.execute("UPDATE accounts SET password_hash = 'set'")
    house.close()
    said = Said()
    assert invite_manager(order, said)
    assert "there is an account with the address" in said.text


def test_a_damaged_state_file_starts_from_the_beginning_and_harms_nothing(account: Account) -> None:
    onboard(Order(Path(), ACME, management_key=MANAGEMENT_KEY), Said())
    before = Path(".env").read_bytes()
    Path(STATE_FILE).write_text("{")
    said = Said()
    onboard(Order(Path(), management_key=MANAGEMENT_KEY), said)
    assert "done before" not in said.text
    assert Path(".env").read_bytes() == before
    assert (len(account.keys), len(account.destinations)) == (1, 1)
