"""Every endpoint, as every role, with everything of a foreign client in path, query and body: nothing of that client's
comes back, error texts included, and nothing of it changes. New endpoints are covered by being there."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from mai_core.conversion import Answered, RateTable
from mai_core.identity import accounts as account_rules
from mai_core.identity import tokens
from mai_core.identity.throttling import Buckets
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.intake.delivery import kept_observation
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.exports.request import FORMATS
from mai_core.settings import Settings
from mai_core.store import credentials, dicts, people, quarantine, quotas, rates, rating_books, routes, saved_queries
from tests.builders import CLIENT, make_arrival, make_client, make_observation
from tests.routers.callers import FOREIGN, Headers, token_of

NAME, DEPARTMENT, PROVIDER, LABEL, QUERY, REASON = (
    f"canary-{place}" for place in ("name", "department", "provider", "label", "query", "reason")
)
"""In texts of the foreign client which no request of this test contains."""

FOREIGN_USER = "canary-user"
FOREIGN_PERSON = f"{FOREIGN}_user_canary01"
FOREIGN_MODEL = "canary-model/one"
FOREIGN_GENERATION = "gen-canary-generation"
FOREIGN_EMAIL = "canary-mail@rival.example"
FOREIGN_KEY_NAME = "canary-key-name"
FOREIGN_KEY = "sk-or-v1-canary-foreign"
FOREIGN_SECRET = "canary-webhook-secret"
FOREIGN_TEXTS = (
    NAME, DEPARTMENT, PROVIDER, LABEL, QUERY, REASON, FOREIGN, FOREIGN_USER, FOREIGN_PERSON, FOREIGN_MODEL,
    FOREIGN_GENERATION, FOREIGN_EMAIL, FOREIGN_KEY_NAME, "31.41", "3141592653",
)  # fmt: skip
FOREIGN_CHARGED = "31.41592653"
OWN_KEY = "sk-or-v1-own-key-of-acme"
OWN_RAW = "0.777123"
OWN_MARKUP = "1.2345"
OWN_COST = (OWN_RAW, "777123", OWN_MARKUP)
"""Our cost and the markup: never for managers and analysts, of any client."""

PUBLIC = {
    "/health", "/ready", "/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json",
    "/auth/login", "/auth/link", "/auth/password", "/auth/reset", "/auth/demo-login",
}  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "question": tuple(question.name for question in Reporting.questions(Viewer("operator", None))),
    "relation": ("usage", "generations"),
    "format": tuple(FORMATS),
}
"""Parameters of which every value is asked for."""


ALWAYS = {
    "sql": "SELECT * FROM usage", "currency": "USD", "timezone": "Europe/Warsaw",
    "day": "2026-10-14", "date": "2026-10-14", "usage_date": "2026-10-14", "since": "2026-10-14", "month": "2026-10",
    "from": "2026-10-01", "to": "2027-12-31",
}  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    operation: dict[str, Any]
    chosen: dict[str, str]

    def __str__(self) -> str:
        return " ".join([self.method, self.path, *self.chosen.values()])


@pytest.fixture
def foreign(api: TestClient, installation: Installation, settings: Settings) -> dict[str, Any]:
    """Something foreign behind every name that an endpoint may ask for."""
    api.app.state.token_buckets = Buckets(1_000_000)  # type: ignore[attr-defined]
    store = installation.store
    make_client(store, markup_rate=OWN_MARKUP, api_key=OWN_KEY, secrets=installation.secrets)
    make_client(
        store, FOREIGN, name=f"{NAME} SA", billing_email=FOREIGN_EMAIL, monthly_limit="31.41592653",
        api_key=FOREIGN_KEY, secrets=installation.secrets,
    )  # fmt: skip
    with store.write() as db:
        now_ms = installation.now_ms()
        account = account_rules.create(
            db, now_ms, "test", email=FOREIGN_EMAIL, name=NAME, role="manager", client_org_id=FOREIGN
        )
        token_id, _ = tokens.create(db, now_ms, "test", name=LABEL, role="manager", client_org_id=FOREIGN)
        credential_id = credentials.add(
            db, now_ms, installation.secrets, label=LABEL, secret=FOREIGN_SECRET, client_org_id=FOREIGN, actor="test"
        )
        people.ensure_mapping(db, now_ms, FOREIGN, FOREIGN_PERSON, FOREIGN_USER)
        people.put_person(
            db, now_ms, FOREIGN, FOREIGN_USER, name=NAME, email=FOREIGN_EMAIL, department=DEPARTMENT,
            source="test",
        )  # fmt: skip
        rating_book = rating_books.load(db, settings)
        told = {"external_user": FOREIGN_PERSON, "model": FOREIGN_MODEL, "provider": PROVIDER}
        for cost in (FOREIGN_CHARGED, "2.5"):
            arrival = make_arrival(FOREIGN_GENERATION, client=FOREIGN, cost=cost, started_at_ms=now_ms, **told)
            book(db, rating_book, [arrival], now_ms, outbox=False)
        book(db, rating_book, [make_arrival("gen-own", cost=OWN_RAW, started_at_ms=now_ms)], now_ms, outbox=False)
        table = RateTable(date(2026, 10, 13), Decimal("3.6512"), "199/A/NBP/2026")
        rates.record(db, now_ms, Answered((table,), table.effective_date, table.effective_date))
        quotas.put(db, now_ms, "test", FOREIGN, FOREIGN_PERSON, "USD", None, units_of(FOREIGN_CHARGED))
        query = saved_queries.put(db, now_ms, FOREIGN, LABEL, f"SELECT '{QUERY}'", "test")
        routes.put(db, now_ms, "test", "api_key_name", FOREIGN_KEY_NAME, FOREIGN)
        kept = kept_observation(
            "unrouted", make_observation(f"{FOREIGN_GENERATION}-2", api_key_name=FOREIGN_KEY_NAME, **told)
        )
        quarantine.put(
            db, now_ms, source="openrouter", client_org_id=FOREIGN, reason_code="unrouted", reason=REASON,
            sha256=kept.sha256, body=kept.body,
        )  # fmt: skip
        conflict = dicts(db, "SELECT id FROM conflicts WHERE client_org_id = ?", (FOREIGN,))[0]["id"]
    return {
        "client": FOREIGN, "client_id": FOREIGN, "client_org_id": FOREIGN, "account_id": account["id"],
        "token_id": token_id, "credential_id": credential_id, "query_id": query["id"], "conflict_id": conflict,
        "entry_id": 1, "id": 1, "external_user": FOREIGN_PERSON, "user_id": FOREIGN_USER, "user": FOREIGN_PERSON,
        "generation_id": FOREIGN_GENERATION, "email": FOREIGN_EMAIL, "model": FOREIGN_MODEL,
        "person": FOREIGN_PERSON, "department": DEPARTMENT, "provider": PROVIDER,
        "value": FOREIGN_KEY_NAME, "role": "manager", **ALWAYS,
    }  # fmt: skip


def endpoints(api: TestClient) -> Iterator[Endpoint]:
    schema = api.app.openapi()  # type: ignore[attr-defined]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            names = [each["name"] for each in operation.get("parameters", []) if each["name"] in CHOICES]
            for chosen in itertools.product(*(CHOICES[name] for name in names)):
                yield Endpoint(method.upper(), path, operation, dict(zip(names, chosen, strict=True)))


def call(api: TestClient, endpoint: Endpoint, headers: Headers, names: dict[str, Any]) -> Any:
    path = endpoint.path
    query: dict[str, Any] = {}
    for parameter in endpoint.operation.get("parameters", []):
        name = parameter["name"]
        value = endpoint.chosen.get(name, names.get(name))
        if value is None and parameter.get("required"):
            value = value_of(api, parameter["schema"], names)
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(value))
        elif parameter["in"] == "query" and value is not None:
            query[name] = value
    content = endpoint.operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = value_of(api, content["schema"], names) if "schema" in content else None
    return api.request(endpoint.method, path, params=query, json=body, headers=headers)


def value_of(api: TestClient, schema: dict[str, Any], names: dict[str, Any], name: str = "") -> Any:
    """Something that fits the schema; foreign wherever the name of the field is known."""
    if "$ref" in schema:
        schema = api.app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]  # type: ignore[attr-defined]
    if schema.get("type") == "object" or "properties" in schema:
        return {key: value_of(api, each, names, key) for key, each in schema.get("properties", {}).items()}
    if names.get(name) is not None:
        return names[name] if "integer" in json.dumps(schema) else str(names[name])
    if name in names and {"type": "null"} in schema.get("anyOf", []):
        return None
    if "default" in schema and schema["default"] is not None:
        return schema["default"]
    if "anyOf" in schema:
        return value_of(api, schema["anyOf"][0], names, name)
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "array":
            return [value_of(api, schema.get("items", {}), names)]
        case _:
            return "x" * max(1, schema.get("minLength", 1))


def rows_of_foreign(installation: Installation) -> str:
    """All that is stored of the foreign client, except what proves that somebody asked."""
    found: dict[str, Any] = {}
    with installation.store.read() as db:
        for table in dicts(db, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            columns = {column["name"] for column in dicts(db, f"PRAGMA table_info({table['name']})")}
            if "client_org_id" in columns and table["name"] != "audit_log":
                sql = f"SELECT * FROM {table['name']} WHERE client_org_id = ?"
                found[table["name"]] = dicts(db, sql, (FOREIGN,))
        found["client"] = dicts(db, "SELECT * FROM client_organizations WHERE id = ?", (FOREIGN,))
    return json.dumps(found, default=str)


def text_of(answer: Any) -> str:
    """All that a person can read in an answer: what workbooks and Parquet files hold, too."""
    content = answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return "".join(name + parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    if content.startswith(b"PAR1"):
        file = parquet.ParquetFile(io.BytesIO(content))
        return f"{file.metadata.metadata} {file.schema_arrow} {file.read().to_pylist()}"
    return str(answer.text)


def leaks(answer: Any, secrets: tuple[str, ...]) -> list[str]:
    told = text_of(answer).lower() + str(dict(answer.headers)).lower()
    sent = (answer.request.content.decode("utf-8", "replace") + str(answer.request.url)).lower()
    return [secret for secret in secrets if secret.lower() in told and secret.lower() not in sent]


@pytest.mark.parametrize(
    ("role", "ways"),
    [
        ("nobody", ["none"]),
        ("manager", ["foreign", "own", "none"]),
        ("analyst", ["foreign", "own", "none"]),
        ("accountant", ["none"]),
    ],
)
def test_nothing_of_a_foreign_client_comes_back(
    api: TestClient, installation: Installation, foreign: dict[str, Any], role: str, ways: list[str]
) -> None:
    """Asked with foreign names everywhere, with foreign names under the own client, and without any."""
    own = dict.fromkeys(("client", "client_id", "client_org_id"), CLIENT)
    names = {"foreign": foreign, "own": {**foreign, **own}, "none": {**dict.fromkeys(foreign), **ALWAYS}}
    headers = {} if role == "nobody" else token_of(installation, role)
    before = rows_of_foreign(installation)
    for endpoint, way in itertools.product(list(endpoints(api)), ways):
        if role == "accountant" and endpoint.method != "GET":
            continue
        answer = call(api, endpoint, headers, names[way])
        assert answer.status_code < 500, f"{endpoint}: {answer.text}"
        assert leaks(answer, hidden_from(role, endpoint)) == [], f"{endpoint} as {role}: {answer.text[:500]}"
        if role == "nobody" and endpoint.path not in PUBLIC:
            assert answer.status_code == 401, f"{endpoint} answers {answer.status_code} to nobody"
    assert role == "accountant" or rows_of_foreign(installation) == before


def test_the_search_finds_what_is_there_in_every_kind_of_file(
    api: TestClient, installation: Installation, foreign: dict[str, Any]
) -> None:
    headers = token_of(installation, "operator")
    asked = {"client": FOREIGN, **ALWAYS}
    files = [each for each in endpoints(api) if {"format", "relation"} & set(each.chosen)]
    found = {str(each): leaks(call(api, each, headers, asked), (FOREIGN_MODEL,)) for each in files}
    assert len(found) == len(CHOICES["format"]) + len(CHOICES["relation"])
    assert [file for file, told in found.items() if told != [FOREIGN_MODEL]] == []


def hidden_from(role: str, endpoint: Endpoint) -> tuple[str, ...]:
    if role == "accountant":
        return (FOREIGN_KEY, FOREIGN_SECRET, OWN_KEY)
    hidden = (*FOREIGN_TEXTS, *OWN_COST, FOREIGN_KEY, FOREIGN_SECRET, OWN_KEY)
    if endpoint.path.endswith("/model-pricing"):  # there, it is the sale price of a model that costs one dollar
        return tuple(text for text in hidden if text != OWN_MARKUP)
    return hidden


def test_a_foreign_client_and_none_get_the_same_answer(
    api: TestClient, installation: Installation, foreign: dict[str, Any]
) -> None:
    """Word for word, or the difference would tell who else is a customer."""
    headers = token_of(installation, "manager")
    nobody = {**foreign, "client": "mai_client_nobody1", "client_id": "mai_client_nobody1"}
    nobody["client_org_id"] = "mai_client_nobody1"
    compared = 0
    for endpoint in endpoints(api):
        there, nowhere = (call(api, endpoint, headers, names) for names in (foreign, nobody))
        if there.status_code in (403, 404):
            compared += 1
            assert there.text.replace(FOREIGN, "") == nowhere.text.replace("mai_client_nobody1", ""), str(endpoint)
            assert there.status_code == nowhere.status_code, str(endpoint)
    assert compared > 20


def test_no_secret_is_shown_to_an_operator_either(
    api: TestClient, installation: Installation, foreign: dict[str, Any]
) -> None:
    headers = token_of(installation, "operator")
    for endpoint in endpoints(api):
        if endpoint.method == "GET":
            answer = call(api, endpoint, headers, foreign)
            assert answer.status_code < 500, f"{endpoint}: {answer.text}"
            assert leaks(answer, (FOREIGN_KEY, FOREIGN_SECRET, OWN_KEY, "sk-or-v1")) == [], str(endpoint)


STRANGE: tuple[Any, ...] = (
    None, [], "text", 7, {"x": "\ud800"}, {"email": "\x00", "password": "\x00"}, {"client_org_id": "a" * 5000},
    {"value": 10**400}, {"markup_rate": "NaN"},
)  # fmt: skip


def test_strange_bodies_are_answered_not_tripped_over(
    api: TestClient, installation: Installation, foreign: dict[str, Any]
) -> None:
    headers = {**token_of(installation, "operator"), "content-type": "application/json"}
    for endpoint in endpoints(api):
        if endpoint.method not in ("POST", "PUT", "PATCH") or "batch" in endpoint.path:
            continue
        path = endpoint.path
        for name, value in foreign.items():
            path = path.replace(f"{{{name}}}", str(value))
        for strange in STRANGE:
            answer = api.request(endpoint.method, path, content=json.dumps(strange).encode(), headers=headers)
            assert answer.status_code < 500, f"{endpoint} {strange!r:.60}: {answer.text}"
