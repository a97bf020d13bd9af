"""Whatever a caller passes, the contract answers; only a ledger that cannot be reached raises."""

from __future__ import annotations

import asyncio
import inspect
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from mai_core import checks
from mai_core import organization_usage as contract
from mai_core.installation import Installation
from tests.builders import CLIENT
from tests.organization_usage.test_signatures import SIGNATURES

STRANGE: list[Any] = [
    None,
    "\ud800",
    "a\x00b",
    "x" * 100_000,
    -1,
    True,
    10**30,
    float("nan"),
    [],
    {},
    {"name": "\ud800"},
    {"markup_rate": "1e400"},
    {"timezone": "\x00"},
    {"generation_id": "\ud800"},
    {"openrouter_user_id": "\ud800"},
    {7: 1, "a": 2},
    date.max,
    object(),
]
USUAL: dict[str, Any] = {
    "client_id": CLIENT,
    "client_org_id": CLIENT,
    "user_id": "ewa",
    "openrouter_user_id": "ext-ewa",
    "model_name": "m/a",
    "usage_date": date(2026, 10, 13),
    "generation_date": date(2026, 10, 13),
    "generation_id": "gen-1",
    "api_key": "sk-1",
    "total_cost": 0.1,
    "total_tokens": 1,
    "updates": {"name": "Acme"},
    "client_form": contract.ClientOrganizationForm(name="New"),
    "settings_form": contract.GlobalSettingsForm(),
    "mapping_form": contract.UserClientMappingForm(user_id="u", client_org_id=CLIENT, openrouter_user_id="e"),
}
ANSWERS = (
    bool,
    list,
    dict,
    contract.ClientUsageStatsResponse,
    *(model for name, model in vars(contract).items() if name.endswith("Model")),
)
FORMS = {
    "client_form": contract.ClientOrganizationForm,
    "settings_form": contract.GlobalSettingsForm,
    "mapping_form": contract.UserClientMappingForm,
}


def calls(path: str) -> list[dict[str, Any]]:
    """The usual call with each parameter, or each field of a form, replaced by each strange value."""
    owner, name = path.split(".")
    parameters = inspect.signature(getattr(getattr(contract, owner), name)).parameters
    usual = {key: USUAL[key] for key in parameters if key in USUAL}
    made = [usual]
    for key in parameters:
        if key not in FORMS:
            made += [{**usual, key: value} for value in STRANGE]
            continue
        for field in FORMS[key].model_fields:
            for value in STRANGE:
                try:
                    made.append({**usual, key: FORMS[key](**{**usual[key].model_dump(), field: value})})
                except ValidationError:
                    continue
    return made


@pytest.mark.parametrize("path", SIGNATURES)
def test_no_value_makes_the_contract_raise_or_the_ledger_break(house: Installation, path: str) -> None:
    owner, name = path.split(".")
    method = getattr(getattr(contract, owner), name)
    for given in calls(path):
        answer = method(**given)
        if inspect.iscoroutine(answer):
            answer = asyncio.run(answer)
        assert answer is None or isinstance(answer, ANSWERS)
    assert checks.run(house.store) == []
