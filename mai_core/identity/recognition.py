"""From the secret that a request carries to the caller behind it."""

from __future__ import annotations

from mai_core.identity.callers import Caller
from mai_core.identity.secret_texts import same_secret, secret_hash
from mai_core.installation import named_client
from mai_core.settings import Settings
from mai_core.store import Db, sessions, tokens


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
