"""`onboard`: the steps of setting up one client in their order, resumed where they stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mai_core.errors import Conflict, MaiError
from mai_core.identity import links
from mai_core.identity.accounts import clean_email
from mai_core.identity.callers import Caller
from mai_core.installation import open_installation
from mai_core.onboarding import ledger
from mai_core.onboarding.client_setup import Agreed, Say, create_broadcast, create_key, write_env
from mai_core.onboarding.first_event import newest_event
from mai_core.onboarding.questions import Ask, Values
from mai_core.store import Store

STATE_FILE = "onboarding.json"
COMPOSE_FILE = "docker-compose.yml"
TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "docker-compose.template.yml"


@dataclass(frozen=True, slots=True)
class Order:
    """What the person who onboards has told."""

    folder: Path
    given: Values = field(default_factory=dict)
    agreed: Agreed = field(default_factory=Agreed)
    management_key: str | None = None
    manager_email: str | None = None
    app_port: int = 8080
    api_port: int = 8000
    wait_s: float = 0
    ask: Ask | None = None

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"


Step = Callable[[Order, Say], bool]
"""True: done for good. False: told what a person has to do; asked again next time."""


def make_env(order: Order, say: Say) -> bool:
    write_env(order.env_file, order.given, order.ask, say)
    return True


def make_ledger(order: Order, say: Say) -> bool:
    settings = ledger.settings_of(order.env_file)
    say(ledger.create_client(settings, order.agreed.given()))
    found = ledger.problems(settings)
    if found:
        raise MaiError("; ".join(found))
    return True


def make_key(order: Order, say: Say) -> bool:
    return create_key(order.env_file, order.management_key, say)


def make_destination(order: Order, say: Say) -> bool:
    settings = ledger.settings_of(order.env_file)
    if not settings.openrouter_api_key.get_secret_value():
        say("waits for the key")
        return False
    return create_broadcast(order.env_file, order.management_key, say)


def make_service(order: Order, say: Say) -> bool:
    """The compose file; one that a person changed is left alone."""
    path = order.folder / COMPOSE_FILE
    if path.exists():
        say(f"{path} is there already")
        return True
    settings = ledger.settings_of(order.env_file)
    text = TEMPLATE.read_text().replace("@CLIENT_ORG_ID@", settings.client_org_id)
    path.write_text(text.replace("@APP_PORT@", str(order.app_port)).replace("@API_PORT@", str(order.api_port)))
    say(f"{path} written: start it with  docker compose up -d  (or, without containers, make run)")
    return True


def invite_manager(order: Order, say: Say) -> bool:
    email = order.manager_email or (order.ask("E-mail of the client's manager (empty: later)", "") if order.ask else "")
    if not email:
        say("nobody named: --manager-email manager@client.example")
        return False
    settings = ledger.settings_of(order.env_file)
    operator = Caller("environment", "operator", None, None, ledger.ACTOR)
    installation = open_installation(settings)
    try:
        with installation.store.write() as db:
            _, secret = links.invite(
                db, installation.now_ms(), operator, email=email, role="manager", client_org_id=settings.client_org_id
            )
    except Conflict as error:
        say(f"{error}")
        return True
    finally:
        installation.close()
    if links.deliver(settings, clean_email(email), None, "invitation", secret, "mAI Usage"):
        say(f"the invitation was sent to {email}")
    else:
        say(f"hand this link to {email} (24 hours, once): {links.address_of(settings, secret)}")
    return True


def wait_for_event(order: Order, say: Say) -> bool:
    settings = ledger.settings_of(order.env_file)
    deadline = time.monotonic() + order.wait_s
    with Store(settings.usage_summary_db) as store:
        while True:
            with store.read() as db:
                seen = newest_event(db, settings.client_org_id)
            if seen:
                say(seen)
                return True
            if time.monotonic() >= deadline:
                say("no event has come in yet: start the service, chat once, and run this again (--wait 600)")
                return False
            time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))


STEPS: tuple[tuple[str, Step], ...] = (
    (".env", make_env),
    ("database", make_ledger),
    ("OpenRouter key", make_key),
    ("Broadcast destination", make_destination),
    ("service", make_service),
    ("manager", invite_manager),
    ("first event", wait_for_event),
)


def onboard(order: Order, say: Say, steps: Sequence[tuple[str, Step]] = STEPS) -> bool:
    """Whether everything is done. What was done in an earlier run is not done again, unless an answer was told anew."""
    state = order.folder / STATE_FILE
    done = [] if order.given else _done(state)
    for number, (name, step) in enumerate(steps, start=1):
        if name in done:
            say(f"[{number}/{len(steps)}] {name}: done before")
            continue
        say(f"[{number}/{len(steps)}] {name}")
        if step(order, lambda text: say("      " + text.replace("\n", "\n      "))):
            done.append(name)
            _remember(state, done)
    return len(done) == len(steps)


def _done(state: Path) -> list[str]:
    try:
        told = json.loads(state.read_text())["done"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name, _ in STEPS if name in told]


def _remember(state: Path, done: Sequence[str]) -> None:
    draft = state.with_name(f"{state.name}.{os.getpid()}")
    draft.write_text(json.dumps({"done": list(done)}, indent=1) + "\n")
    draft.replace(state)
