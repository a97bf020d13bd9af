"""From the secret that a request carries to the caller behind it."""

from __future__ import annotations

from dataclasses import dataclass

from mai_core.identity.callers import Caller
from mai_core.identity.secret_texts import same_secret, secret_hash
from mai_core.installation import named_client
from mai_core.secrets_box import SecretBox
from mai_core.settings import Settings
from mai_core.store import Db, credentials, sessions, tokens


def recognise(db: Db, settings: Settings, presented: str, now_ms: int) -> Caller | None:
    """The caller behind a bearer secret: environment token, session or API token; None for anything else."""
    if not presented or len(presented) > 512:
        return None
    named = named_client(settings)
    home = named[0] if named else None
    return (
        _from_environment(settings, presented, home)
        or _from_session(db, presented, home, now_ms)
        or _from_token(db, presented, home, now_ms)
    )


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever holds a secret that opens the ways in: a filter, a relay. Without a client it carries many."""

    client_org_id: str | None
    name: str


def recognise_sender(db: Db, settings: Settings, secrets: SecretBox, presented: str) -> Sender | None:
    named = named_client(settings)
    home = named[0] if named else None
    present = same_secret(presented, settings.openrouter_webhook_secret.get_secret_value())
    previous = same_secret(presented, settings.openrouter_webhook_secret_previous.get_secret_value())
    if present or previous:
        return Sender(home, "OPENROUTER_WEBHOOK_SECRET")
    found = credentials.find_live(db, secrets.hash(presented))
    return Sender(found["client_org_id"], f"webhook_credential {found['id']}") if found else None


def _from_environment(settings: Settings, presented: str, home: str | None) -> Caller | None:
    operator = same_secret(presented, settings.mai_operator_token.get_secret_value())
    manager = same_secret(presented, settings.mai_client_token.get_secret_value())
    if operator:
        return Caller("environment", "operator", None, None, "MAI_OPERATOR_TOKEN", home_client_org_id=home)
    if manager and home:
        return Caller("environment", "manager", home, None, "MAI_CLIENT_TOKEN", home_client_org_id=home)
    return None


def _from_session(db: Db, presented: str, home: str | None, now_ms: int) -> Caller | None:
    row = sessions.find_live(db, secret_hash(presented), now_ms)
    if row is None:
        return None
    return Caller(
        "session", row["role"], row["client_org_id"], row["id"], row["email"],
        language=row["language"], home_client_org_id=home,
    )  # fmt: skip


def _from_token(db: Db, presented: str, home: str | None, now_ms: int) -> Caller | None:
    row = tokens.find_live(db, secret_hash(presented), now_ms)
    if row is None:
        return None
    return Caller(
        "token", row["role"], row["client_org_id"], None, f"token {row['id']} {row['name']}",
        scopes=frozenset(row["scopes"].split()), home_client_org_id=home,
    )  # fmt: skip
