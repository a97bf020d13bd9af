"""OpenRouter's account side as its documentation describes it, on loopback: keys are told once, lists come in pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

MANAGEMENT_KEY = "sk-or-v1-management"


@dataclass
class Account:
    url: str
    keys: list[dict[str, Any]] = field(default_factory=list)
    destinations: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def new_key(self, name: str, limit: float | None = None, limit_reset: str | None = None) -> str:
        secret = f"sk-or-v1-{len(self.keys):03d}{'0' * 56}{len(self.keys):04d}"
        label = f"{secret[:12]}...{secret[-4:]}"
        row = {"hash": f"{len(self.keys):064x}", "name": name, "label": label, "disabled": False}
        self.keys.append({**row, "limit": limit, "limit_reset": limit_reset})
        self.secrets.append(secret)
        return secret


def served(server: HTTPServer) -> Account:
    account = Account(server.url_for("/api/v1"))

    def answer(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {MANAGEMENT_KEY}":
            return _json({"error": {"code": 401, "message": "Missing Authentication header"}}, 401)
        body = json.loads(request.get_data() or b"null")
        match (request.method, request.path.removeprefix("/api/v1")):
            case ("GET", "/keys"):
                offset = int(parse_qs(request.query_string.decode()).get("offset", ["0"])[0])
                return _json({"data": account.keys[offset : offset + 100]})
            case ("POST", "/keys"):
                secret = account.new_key(**body)
                return _json({"data": account.keys[-1], "key": secret}, 201)
            case ("GET", "/observability/destinations"):
                return _json({"data": account.destinations})
            case ("POST", "/observability/destinations"):
                account.destinations.append({"id": f"destination-{len(account.destinations)}", **body})
                return _json({"data": account.destinations[-1]}, 201)
            case ("PATCH", path):
                row = next(one for one in account.destinations if path.endswith(one["id"]))
                row.update(body)
                return _json({"data": row})
        return _json({"error": {"code": 404, "message": "Not found"}}, 404)

    server.expect_request("/api/v1/keys").respond_with_handler(answer)
    server.expect_request("/api/v1/observability/destinations").respond_with_handler(answer)
    for number in range(3):
        server.expect_request(f"/api/v1/observability/destinations/destination-{number}").respond_with_handler(answer)
    return account


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
