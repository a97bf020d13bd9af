"""Who else has to answer: our own ports, OpenRouter, NBP, InfluxDB, Open WebUI's database."""

from __future__ import annotations

from contextlib import closing, suppress

from mai_core import directory
from mai_core.doctor.lines import Line, error, ok, warning
from mai_core.errors import MaiError, without_login
from mai_core.influx.server import Rejected, Server
from mai_core.launch.ports import is_free
from mai_core.settings import Settings
from mai_core.store import legacy_source
from mai_core.upstream import http
from mai_core.upstream.nbp import rates_url

PATIENCE_S = 3.0


def port_lines(settings: Settings) -> list[Line]:
    return [
        _port("API", "API_PORT", settings.api_port, "/health"),
        _port("pages", "APP_PORT", settings.app_port, "/_stcore/health"),
        _port("rates", "NBP_PORT", settings.nbp_port, "/health"),
    ]


def _port(name: str, variable: str, port: int, path: str) -> Line:
    topic = f"port {port}"
    if is_free("127.0.0.1", port):
        return ok(topic, f"free for the {name} ({variable}); nothing runs there now")
    try:
        answer = http.get(f"http://127.0.0.1:{port}{path}", timeout_s=PATIENCE_S, deadline_s=PATIENCE_S)
    except MaiError:
        answer = None
    if answer is not None and answer.status == 200:
        return ok(topic, f"running: the {name} ({variable})")
    return warning(topic, f"something else listens where the {name} should", f"stop it, or set {variable}")


def openrouter_lines(settings: Settings) -> list[Line]:
    url = f"{settings.openrouter_api_url}/models/count"
    problem = _problem(url)
    if problem:
        return [warning("OpenRouter", problem, "check the network and OPENROUTER_API_URL; known prices stay in use")]
    return [ok("OpenRouter", f"{without_login(settings.openrouter_api_url)} answers")]


def nbp_lines(settings: Settings) -> list[Line]:
    if settings.nbp_service_url:
        url, remedy = f"{settings.nbp_service_url}/health", "is the rate service running? check NBP_SERVICE_URL"
    else:
        url = f"{rates_url(settings.nbp_api_url, 'usd')}/?format=json"
        remedy = "check the network and NBP_API_URL; known rates stay in use"
    problem = _problem(url)
    return [warning("NBP", problem, remedy)] if problem else [ok("NBP", f"{without_login(url)} answers")]


def influx_lines(settings: Settings) -> list[Line]:
    if not settings.influx_enabled:
        return [ok("InfluxDB", "not used (INFLUXDB_URL is not set)")]
    problem = _problem(f"{settings.influxdb_url}/ping")
    if problem:
        return [warning("InfluxDB", problem, "check INFLUXDB_URL; events are kept and sent when it answers")]
    try:
        with closing(Server(settings)) as server:
            server.can_be_asked()
            with suppress(Rejected):  # 2.x wants points; that it says so means that it would take them
                server.write([])
    except MaiError as refused:
        remedy = "check INFLUXDB_TOKEN, INFLUXDB_ORG and INFLUXDB_BUCKET; events are kept until they can be sent"
        return [warning("InfluxDB", str(refused), remedy)]
    return [ok("InfluxDB", f"{without_login(settings.influxdb_url)} answers")]


def open_webui_lines(settings: Settings) -> list[Line]:
    if not settings.database_url:
        return [ok("Open WebUI", "its database is not read (DATABASE_URL is not set)")]
    try:
        path = directory.open_webui_path(settings.database_url)
        with legacy_source.opened(path) as source:
            if "user" not in source.tables:
                return [error("Open WebUI", f"{path} has no table user", "name Open WebUI's webui.db in DATABASE_URL")]
            return [ok("Open WebUI", f"{path.absolute()}: {source.count('user')} people")]
    except MaiError as problem:
        return [warning("Open WebUI", str(problem), "names can also come from the filter; check DATABASE_URL")]


def _problem(url: str) -> str:
    """Empty when somebody there answers; a refusal of the question is an answer too."""
    try:
        answer = http.get(url, timeout_s=PATIENCE_S, deadline_s=2 * PATIENCE_S)
    except MaiError as problem:
        return str(problem)
    return "" if answer.status < 500 else f"{answer.url} answered {answer.status}"
