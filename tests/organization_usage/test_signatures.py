"""Callers of the existing system introspect nothing, but they pass by position and by name: both must stay."""

import inspect
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Dict, List, Optional  # noqa: UP035

import pytest

from mai_core import organization_usage as contract

# ruff: noqa: UP006, UP045

REQUIRED = inspect.Parameter.empty

SIGNATURES: dict[str, tuple[list[tuple[str, Any, Any]], Any]] = {
    "GlobalSettingsDB.get_settings": ([], Optional[contract.GlobalSettingsModel]),
    "GlobalSettingsDB.create_or_update_settings": (
        [("settings_form", contract.GlobalSettingsForm, REQUIRED)],
        Optional[contract.GlobalSettingsModel],
    ),
    "ClientOrganizationDB.create_client": (
        [
            ("client_form", contract.ClientOrganizationForm, REQUIRED),
            ("api_key", str, REQUIRED),
            ("key_hash", str, None),
        ],
        Optional[contract.ClientOrganizationModel],
    ),
    "ClientOrganizationDB.get_client_by_id": (
        [("client_id", str, REQUIRED)],
        Optional[contract.ClientOrganizationModel],
    ),
    "ClientOrganizationDB.get_client_by_api_key": (
        [("api_key", str, REQUIRED)],
        Optional[contract.ClientOrganizationModel],
    ),
    "ClientOrganizationDB.get_all_active_clients": ([], List[contract.ClientOrganizationModel]),
    "ClientOrganizationDB.update_client": (
        [("client_id", str, REQUIRED), ("updates", dict, REQUIRED)],
        Optional[contract.ClientOrganizationModel],
    ),
    "ClientOrganizationDB.deactivate_client": ([("client_id", str, REQUIRED)], bool),
    "ClientUsageDB.record_usage": (
        [
            ("client_org_id", str, REQUIRED),
            ("user_id", str, REQUIRED),
            ("openrouter_user_id", str, REQUIRED),
            ("model_name", str, REQUIRED),
            ("usage_date", date, REQUIRED),
            ("input_tokens", int, 0),
            ("output_tokens", int, 0),
            ("raw_cost", float, 0.0),
            ("markup_cost", float, 0.0),
            ("provider", str, None),
            ("request_metadata", dict, None),
        ],
        bool,
    ),
    "ClientUsageDB.get_usage_stats_by_client": (
        [("client_org_id", str, REQUIRED), ("use_client_timezone", bool, True)],
        contract.ClientUsageStatsResponse,
    ),
    "ClientUsageDB.get_usage_by_user": (
        [("client_org_id", str, REQUIRED), ("start_date", date, None), ("end_date", date, None)],
        List[Dict[str, Any]],
    ),
    "ClientUsageDB.get_usage_by_model": (
        [("client_org_id", str, REQUIRED), ("start_date", date, None), ("end_date", date, None)],
        List[Dict[str, Any]],
    ),
    "ClientUsageDB.get_all_clients_usage_stats": (
        [("start_date", Optional[date], None), ("end_date", Optional[date], None)],
        List[contract.ClientBillingResponse],
    ),
    "ProcessedGenerationDB.is_generation_processed": (
        [("generation_id", str, REQUIRED), ("client_org_id", str, REQUIRED)],
        bool,
    ),
    "ProcessedGenerationDB.mark_generation_processed": (
        [
            ("generation_id", str, REQUIRED),
            ("client_org_id", str, REQUIRED),
            ("generation_date", date, REQUIRED),
            ("total_cost", float, REQUIRED),
            ("total_tokens", int, REQUIRED),
        ],
        bool,
    ),
    "ProcessedGenerationDB.cleanup_old_processed_generations": ([("days_to_keep", int, 60)], Dict[str, Any]),
    "ProcessedGenerationDB.get_processed_generations_stats": (
        [("client_org_id", str, REQUIRED), ("start_date", date, None), ("end_date", date, None)],
        Dict[str, Any],
    ),
    "UserClientMappingDB.create_mapping": (
        [("mapping_form", contract.UserClientMappingForm, REQUIRED)],
        Optional[contract.UserClientMappingModel],
    ),
    "UserClientMappingDB.get_mapping_by_user_id": (
        [("user_id", str, REQUIRED)],
        Optional[contract.UserClientMappingModel],
    ),
    "UserClientMappingDB.get_mappings_by_client_id": (
        [("client_org_id", str, REQUIRED)],
        List[contract.UserClientMappingModel],
    ),
    "UserClientMappingDB.deactivate_mapping": ([("user_id", str, REQUIRED)], bool),
    "UserClientMappingDB.update_mapping": ([("user_id", str, REQUIRED), ("updates", dict, REQUIRED)], bool),
}

FORMS = {
    "GlobalSettingsForm": {"default_markup_rate": 1.3, "billing_currency": "USD", "openrouter_provisioning_key": None},
    "ClientOrganizationForm": {
        "markup_rate": 1.3,
        "monthly_limit": None,
        "billing_email": None,
        "timezone": "Europe/Warsaw",
    },
    "UserClientMappingForm": {},
}

FIELDS = {
    "GlobalSettingsModel": "id openrouter_provisioning_key default_markup_rate billing_currency created_at updated_at",
    "ClientOrganizationModel": "id name openrouter_api_key openrouter_key_hash markup_rate monthly_limit billing_email"
    " timezone is_active created_at updated_at",
    "UserClientMappingModel": "id user_id client_org_id openrouter_user_id is_active created_at updated_at",
    "ClientDailyUsageModel": "id client_org_id usage_date total_tokens total_requests raw_cost markup_cost"
    " primary_model unique_users created_at updated_at",
    "ClientUserDailyUsageModel": "id client_org_id user_id openrouter_user_id usage_date total_tokens total_requests"
    " raw_cost markup_cost created_at updated_at",
    "ClientModelDailyUsageModel": "id client_org_id model_name usage_date total_tokens total_requests raw_cost"
    " markup_cost provider created_at updated_at",
    "ClientLiveCountersModel": "client_org_id current_date today_tokens today_requests today_raw_cost today_markup_cost"
    " last_updated",
    "ProcessedGenerationModel": "id client_org_id generation_date processed_at total_cost total_tokens",
    "ProcessedGenerationCleanupLogModel": "id cleanup_date cutoff_date days_retained records_before records_deleted"
    " records_remaining old_tokens_removed old_cost_removed storage_saved_kb cleanup_duration_seconds success"
    " error_message created_at",
    "GlobalSettingsForm": "openrouter_provisioning_key default_markup_rate billing_currency",
    "ClientOrganizationForm": "name markup_rate monthly_limit billing_email timezone",
    "UserClientMappingForm": "user_id client_org_id openrouter_user_id",
    "ClientUsageStatsResponse": "current_month daily_breakdown monthly_summary client_org_name",
    "ClientBillingResponse": "client_org_id client_name total_tokens raw_cost markup_cost profit_margin total_requests"
    " days_active",
}


def _method(path: str) -> Any:
    owner, name = path.split(".")
    return getattr(getattr(contract, owner), name)


@pytest.mark.parametrize("path", SIGNATURES)
def test_every_method_takes_and_answers_what_it_always_did(path: str) -> None:
    signature = inspect.signature(_method(path))
    parameters, answer = SIGNATURES[path]
    assert [(p.name, p.annotation, p.default) for p in signature.parameters.values()] == parameters
    assert signature.return_annotation == answer


def test_no_method_was_added_or_lost() -> None:
    found = {
        f"{owner}.{name}"
        for owner in contract.__all__
        if owner.endswith("DB")
        for name in vars(getattr(contract, owner))
        if not name.startswith("_")
    }
    assert found == set(SIGNATURES)


def test_only_the_monthly_statistics_are_awaited() -> None:
    awaited = [path for path in SIGNATURES if inspect.iscoroutinefunction(_method(path))]
    assert awaited == ["ClientUsageDB.get_usage_stats_by_client"]


@pytest.mark.parametrize("name", FIELDS)
def test_models_have_the_columns_of_the_existing_tables(name: str) -> None:
    assert list(getattr(contract, name).model_fields) == FIELDS[name].split()


@pytest.mark.parametrize("name", FORMS)
def test_forms_have_their_defaults(name: str) -> None:
    fields = getattr(contract, name).model_fields
    assert {field: info.default for field, info in fields.items() if not info.is_required()} == FORMS[name]


def test_the_shim_gives_the_same_names_under_the_old_address(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    models = tmp_path / "open_webui" / "models"
    models.mkdir(parents=True)
    shim = (root / "integrations/open_webui/organization_usage.py").read_text()
    (models / "organization_usage.py").write_text(shim)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import open_webui.models.organization_usage as old, mai_core.organization_usage as new;"
            "print(all(getattr(old, name) is getattr(new, name) for name in new.__all__), sorted(old.__all__)[3])",
        ],
        env={"PYTHONPATH": f"{tmp_path}:{root}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "ClientModelDailyUsageModel"]
