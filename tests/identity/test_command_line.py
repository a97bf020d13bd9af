from __future__ import annotations

import io
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from mai_core.cli import main
from mai_core.identity import passwords
from mai_core.installation import open_installation
from mai_core.intake.credentials import by_secret, load_credentials
from mai_core.settings import load_settings
from mai_core.store import accounts, dicts
from tests.builders import CLIENT

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A client's container with a cheap hasher."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLIENT_ORG_ID", CLIENT)
    monkeypatch.setenv("ORGANIZATION_NAME", "Acme")
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(line + "\n"))


def test_the_first_operator_is_made_and_listed(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    typed(monkeypatch, "correct horse battery")
    assert main(["account", "list"]) == 0
    assert "no accounts yet" in capsys.readouterr().out
    assert main(["account", "add", "Op@mai.example", "--name", "Ola"]) == 0
    assert "op@mai.example can log in as operator" in capsys.readouterr().out
    assert main(["account", "list"]) == 0
    assert "all clients" in capsys.readouterr().out


def test_a_weak_password_makes_no_account(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    typed(monkeypatch, "short")
    assert main(["account", "add", "op@mai.example"]) == 1
    assert "at least 10 characters" in capsys.readouterr().err
    main(["account", "list"])
    assert "no accounts yet" in capsys.readouterr().out


def test_a_manager_belongs_to_the_containers_client(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    typed(monkeypatch, "correct horse battery")
    assert main(["account", "add", "m@acme.example", "--role", "manager"]) == 0
    main(["account", "list"])
    assert CLIENT in capsys.readouterr().out
    typed(monkeypatch, "correct horse battery")
    assert main(["account", "add", "x@acme.example", "--role", "manager", "--client", "nobody"]) == 1
    assert "names no client" in capsys.readouterr().err


def test_a_new_password_a_lock_and_its_end(container: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    typed(monkeypatch, "correct horse battery")
    main(["account", "add", "m@acme.example", "--role", "manager"])
    typed(monkeypatch, "another long phrase")
    assert main(["account", "passwd", "M@acme.example"]) == 0
    assert "every session has ended" in capsys.readouterr().out
    assert main(["account", "disable", "m@acme.example"]) == 0
    main(["account", "list"])
    assert "disabled" in capsys.readouterr().out
    assert main(["account", "enable", "m@acme.example"]) == 0
    assert main(["account", "passwd", "nobody@acme.example"]) == 1
    assert "no account with the address" in capsys.readouterr().err
    installation = open_installation(load_settings())
    with installation.store.read() as db:
        account = accounts.find(db, "m@acme.example")
        assert account is not None
        stored = accounts.password_hash(db, account["id"])
        trail = [row["action"] for row in dicts(db, "SELECT action FROM audit_log WHERE actor = 'command line'")]
    installation.close()
    assert passwords.verify_password(stored, "another long phrase")
    assert trail.count("account.password") == 2
    assert trail.count("account.update") == 2


def test_an_invitation_is_a_link_to_hand_over(capsys: Captured) -> None:
    assert main(["account", "invite", "boss@acme.example", "--role", "analyst"]) == 0
    assert "/password?link=mail_" in capsys.readouterr().out
    main(["account", "list"])
    assert "invited" in capsys.readouterr().out


def test_a_token_is_shown_once_and_revoked(capsys: Captured) -> None:
    assert main(["token", "new", "export", "--scope", "read", "--days", "30"]) == 0
    token = capsys.readouterr().out.splitlines()[-1]
    assert token.startswith("mait_")
    main(["token", "list"])
    listed = capsys.readouterr().out
    assert token not in listed
    assert f"…{token[-4:]}" in listed
    assert "until" in listed
    assert main(["token", "revoke", "1"]) == 0
    main(["token", "list"])
    assert "revoked" in capsys.readouterr().out
    assert main(["token", "revoke", "99"]) == 1


def opens(secret: str) -> list[str | None]:
    """The client behind each credential that the ways in find for a secret."""
    installation = open_installation(load_settings())
    known = load_credentials(installation)
    installation.close()
    found = by_secret(known, {"authorization": f"Bearer {secret}"})
    return [] if found is None else [found.client_org_id]


def test_a_secret_of_the_ways_in_is_shown_once_and_revoked(capsys: Captured) -> None:
    assert main(["credentials", "add", "litellm"]) == 0
    secret = capsys.readouterr().out.splitlines()[-1]
    assert opens(secret) == [CLIENT]
    main(["credentials", "list"])
    listed = capsys.readouterr().out
    assert secret not in listed
    assert f"{CLIENT}" in listed
    assert "litellm" in listed
    assert main(["credentials", "revoke", "1"]) == 0
    assert opens(secret) == []
    assert main(["credentials", "revoke", "1"]) == 1
    capsys.readouterr()
    main(["credentials", "list"])
    assert capsys.readouterr().out == "none beside the environment's\n"


def test_a_secret_for_many_clients_is_asked_for_in_so_many_words(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert main(["credentials", "add", "gateway", "--many"]) == 0
    assert opens(capsys.readouterr().out.splitlines()[-1]) == [None]
    monkeypatch.delenv("CLIENT_ORG_ID")
    monkeypatch.delenv("ORGANIZATION_NAME")
    assert main(["credentials", "add", "gateway"]) == 1
    assert "say --many" in capsys.readouterr().err
    assert main(["credentials", "add", "gateway", "--client", "nobody"]) == 1


def test_an_expired_token_is_shown_as_such(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("MAI_CLOCK", "2026-01-01T00:00:00Z")
    main(["token", "new", "old", "--role", "operator", "--days", "1"])
    monkeypatch.setenv("MAI_CLOCK", "2026-03-01T00:00:00Z")
    main(["token", "list"])
    assert "expired" in capsys.readouterr().out


def test_without_an_action_the_usage_is_shown() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["account"])
    assert ended.value.code == 2
