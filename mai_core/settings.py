"""One typed, frozen object, read once from the environment and `.env`. The README's table is made from it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from mai_core.days import parse_instant_ms, zone
from mai_core.errors import BadValue, MaiError, without_login
from mai_core.money import exact_decimal

_DEFAULT_LEDGER = "data/usage_summary.db"


def _decimal(value: object) -> Decimal:
    try:
        return value if isinstance(value, Decimal) else exact_decimal(str(value))
    except BadValue as error:
        raise ValueError(error.reason) from None


def _positive_decimal(value: object) -> Decimal:
    decimal = _decimal(value)
    if decimal <= 0:
        raise ValueError("must be a number above 0")
    return decimal


def _amount(value: object) -> Decimal | None:
    if value in (None, ""):
        return None
    decimal = _decimal(value)
    if decimal < 0:
        raise ValueError("must be an amount of 0 or more")
    return decimal


def _zone_name(value: object) -> str:
    try:
        return zone(str(value)).key
    except BadValue as error:
        raise ValueError(error.reason) from None


def _instant(value: object) -> int | None:
    if value in (None, ""):
        return None
    try:
        return value if isinstance(value, int) else parse_instant_ms(str(value))
    except BadValue as error:
        raise ValueError(error.reason) from None


def _http_url(value: object) -> str:
    text = str(value or "").strip().rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def _database_path(value: object) -> Path:
    return database_path(str(value))


def database_path(text: str) -> Path:
    """`sqlite:////app/x`, `sqlite:///app/x`, `/app/x`: all /app/x when /app exists, else below the working folder."""
    path = text.removeprefix("sqlite:///") if text.startswith("sqlite:") else text
    if path.startswith(("/app/", "app/")):
        inside = path.lstrip("/")
        return Path("/") / inside if Path("/app").is_dir() else Path(inside)
    return Path(path)


PositiveDecimal = Annotated[Decimal, BeforeValidator(_positive_decimal)]
Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
ZoneName = Annotated[str, BeforeValidator(_zone_name)]
InstantMs = Annotated[int | None, BeforeValidator(_instant)]
HttpUrl = Annotated[str, BeforeValidator(_http_url)]
DatabasePath = Annotated[Path, BeforeValidator(_database_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Settings(BaseModel):
    """Everything that can be set from outside. A field's name is its variable's name in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    usage_summary_db: DatabasePath = Field(Path(_DEFAULT_LEDGER), description="The ledger (SQLite file).")
    mai_data_dir: Path = Field(
        Path("data"), description="Holds everything that a run writes; default: the folder of USAGE_SUMMARY_DB."
    )
    mai_role: Literal["hub", "client"] = Field(
        "hub",
        description="`client` meters one organisation, `hub` holds many; default: `client` when CLIENT_ORG_ID is set.",
    )
    mai_demo: bool = Field(False, description="Demo mode: logs in by itself, binds to 127.0.0.1 only.")
    mai_clock: InstantMs = Field(
        None, description="Start every process at this instant (ISO 8601), running on from there."
    )
    mai_secret_key: SecretStr = Field(
        SecretStr(""), description="Encrypts stored keys; default: a key generated once in MAI_DATA_DIR/secret.key."
    )
    mai_public_url: HttpUrl = Field(
        "", description="Address under which people open the pages; used in e-mails and links."
    )

    mai_webhook_url: HttpUrl = Field(
        "", description="Address at which OpenRouter reaches the webhook; default: MAI_PUBLIC_URL/webhooks/openrouter."
    )

    mai_host: str = Field(
        "127.0.0.1", description="Where API and pages listen; the image sets 0.0.0.0. A demo stays on 127.0.0.1."
    )
    api_port: Port = Field(8000, description="Port of the API.")
    app_port: Port = Field(8080, description="Port of the pages.")
    nbp_port: Port = Field(8001, description="Port of the exchange-rate service.")
    mai_api_url: HttpUrl = Field("", description="Where the pages find the API; default: http://127.0.0.1:API_PORT.")

    client_org_id: str = Field("", description="The client of this container.")
    organization_name: str = Field("", description="Its name; the id serves when it is missing.")
    openrouter_external_user: str = Field("", description="Prefix of the external user ids; names the client at start.")
    openrouter_api_key: SecretStr = Field(SecretStr(""), description="The client's OpenRouter key, stored encrypted.")
    openrouter_key_hash: str = Field("", description="Hash by which OpenRouter's account names that key.")
    openrouter_webhook_secret: SecretStr = Field(SecretStr(""), description="Opens the ways in for events.")
    openrouter_webhook_secret_previous: SecretStr = Field(
        SecretStr(""), description="Also accepted while the secret is being rotated."
    )
    openrouter_management_key: SecretStr = Field(
        SecretStr(""), description="OpenRouter management (provisioning) key: reconciliation, key creation."
    )
    openrouter_host: str = Field("", description="Kept for older set-ups; OPENROUTER_API_URL wins.")
    openrouter_api_url: HttpUrl = Field("https://openrouter.ai/api/v1", description="OpenRouter's API.")
    spending_limit: Amount = Field(None, description="Monthly limit of the client in USD.")
    usage_markup_multiplier: PositiveDecimal | None = Field(
        None, description="Markup where none is agreed with the client; default 1.3."
    )

    mai_client_token: SecretStr = Field(SecretStr(""), description="API token with the manager role of CLIENT_ORG_ID.")
    mai_operator_token: SecretStr = Field(SecretStr(""), description="API token with the operator role.")
    mai_token_rate: Annotated[int, Field(ge=1)] = Field(
        600, description="Requests per minute that one API token may make; more get 429."
    )
    mai_quota_fail: Literal["open", "closed"] = Field(
        "open", description="What the Open WebUI filter does when the quota cannot be asked."
    )

    database_url: str = Field("", description="Open WebUI's webui.db: names and departments are read from it.")

    influxdb_url: HttpUrl = Field("", description="InfluxDB for raw events; empty: off.")
    influxdb_token: SecretStr = Field(SecretStr(""), description="Token for InfluxDB.")
    influxdb_org: str = Field("", description="InfluxDB organisation.")
    influxdb_bucket: str = Field("mai-usage-tracking", description="InfluxDB bucket or database.")
    influxdb_write_timeout: Annotated[int, Field(ge=1)] = Field(2000, description="Write timeout in ms.")
    influxdb_batch_size: Annotated[int, Field(ge=1, le=10000)] = Field(100, description="Points per write.")

    nbp_service_url: HttpUrl = Field("", description="The shared exchange-rate service; empty: NBP directly.")
    nbp_api_url: HttpUrl = Field(
        "https://api.nbp.pl/api/exchangerates/rates/a/usd", description="NBP's API, base or full."
    )
    fetch_interval: Annotated[int, Field(ge=1)] = Field(
        3600, description="Exchange-rate service: asks NBP every so many seconds."
    )
    cache_ttl: Annotated[int, Field(ge=0)] = Field(
        7200, description="Exchange-rate service: an answer that may still grow is good for so many seconds."
    )

    daily_batch_enabled: bool = Field(True, description="false: no daily batch in this process.")
    daily_batch_time: TimeOfDay = Field("13:00", description="Local time of the daily batch.")
    daily_batch_timezone: ZoneName = Field("Europe/Warsaw", description="Zone of DAILY_BATCH_TIME.")
    mai_batch_spread: Annotated[int, Field(ge=0, le=720)] = Field(
        0, description="Staggers the batches of many containers over this many minutes."
    )

    reporting_url: str = Field("", description="s3://bucket/prefix for the reporting lake; empty: MAI_DATA_DIR/lake.")

    smtp_host: str = Field(
        "", description="Mail server for invitations, alerts and digests; empty: links are shown to copy."
    )
    smtp_port: Port = Field(587, description="Its port.")
    smtp_user: str = Field("", description="Its user.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_from: str = Field("", description="Sender address.")
    smtp_starttls: bool = Field(True, description="Use STARTTLS.")
    alert_residual_usd: PositiveDecimal = Field(
        Decimal(1), description="A difference to OpenRouter's books above this raises an alert."
    )
    alert_webhook_url: HttpUrl = Field("", description="Alerts are posted here as JSON; empty: off.")

    @model_validator(mode="before")
    @classmethod
    def _fill_related(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("mai_data_dir"):
            values["mai_data_dir"] = database_path(values.get("usage_summary_db") or _DEFAULT_LEDGER).parent
        elif not values.get("usage_summary_db"):
            values["usage_summary_db"] = str(Path(values["mai_data_dir"]) / "usage_summary.db")
        if not values.get("mai_role"):
            values["mai_role"] = "client" if values.get("client_org_id") else "hub"
        return values

    @property
    def api_url(self) -> str:
        return self.mai_api_url or f"http://127.0.0.1:{self.api_port}"

    @property
    def public_url(self) -> str:
        return self.mai_public_url or f"http://127.0.0.1:{self.app_port}"

    @property
    def lake_dir(self) -> Path:
        return self.mai_data_dir / "lake"

    @property
    def backup_dir(self) -> Path:
        return self.mai_data_dir / "backups"

    @property
    def influx_enabled(self) -> bool:
        return bool(self.influxdb_url)


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """The environment wins over `.env`; an empty value counts as not set."""
    file = Path(".env") if env_file is None else env_file
    merged: dict[str, str | None] = dict(dotenv_values(file)) if file.is_file() else {}
    merged.update(os.environ if environ is None else environ)
    known = {name: merged[name.upper()] for name in Settings.model_fields if merged.get(name.upper()) not in (None, "")}
    try:
        return Settings.model_validate(known)
    except ValidationError as error:
        raise MaiError(_in_words(error)) from None


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    shown = "" if _is_secret(name) else f"={without_login(str(first['input']))[:60]!r}"
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{name.upper()}{shown} cannot be used: {reason}"


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and field.annotation is SecretStr


def settings_rows(settings: Settings) -> list[tuple[str, str, str]]:
    """(variable, value with secrets masked, description), for the command line and the README."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            shown = "********" if value.get_secret_value() else ""
        else:
            text = "" if value is None else str(value)
            shown = text.lower() if isinstance(value, bool) else without_login(text)
        if name == "alert_webhook_url":  # chat systems know who posts by the path alone
            shown = re.sub("(//[^/]+/).+", r"\1********", shown)
        rows.append((name.upper(), shown, field.description or ""))
    return rows
