"""The rows and forms of the existing mAI system, as pydantic models."""

# The annotations are part of the contract, in the spelling that callers introspect.
# ruff: noqa: UP006, UP035, UP045

from datetime import date
from typing import Any, Dict, List, Optional

from pydantic import BaseModel, ConfigDict, Field


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True, protected_namespaces=())


class GlobalSettingsModel(_Row):
    id: str
    openrouter_provisioning_key: Optional[str] = Field(default=None, repr=False)
    default_markup_rate: float = 1.3
    billing_currency: str = "USD"
    created_at: int
    updated_at: int


class ClientOrganizationModel(_Row):
    id: str
    name: str
    openrouter_api_key: Optional[str] = Field(default=None, repr=False)
    """The key itself: stored encrypted, decrypted for the caller, never shown in a log."""
    openrouter_key_hash: Optional[str] = None
    """OpenRouter's own hash of the key, as given to create_client."""
    markup_rate: float = 1.3
    """The markup in force now, where none is agreed with the client too."""
    monthly_limit: Optional[float] = None
    billing_email: Optional[str] = None
    timezone: str = "Europe/Warsaw"
    is_active: bool = True
    created_at: int
    updated_at: int


class UserClientMappingModel(_Row):
    id: str
    user_id: str
    client_org_id: str
    openrouter_user_id: str
    is_active: bool = True
    created_at: int
    updated_at: int


class ClientDailyUsageModel(_Row):
    id: str
    client_org_id: str
    usage_date: date
    total_tokens: int
    total_requests: int
    raw_cost: float
    markup_cost: float
    primary_model: Optional[str] = None
    unique_users: int = 0
    created_at: int
    updated_at: int


class ClientUserDailyUsageModel(_Row):
    id: str
    client_org_id: str
    user_id: str
    openrouter_user_id: str
    usage_date: date
    total_tokens: int
    total_requests: int
    raw_cost: float
    markup_cost: float
    created_at: int
    updated_at: int


class ClientModelDailyUsageModel(_Row):
    id: str
    client_org_id: str
    model_name: str
    usage_date: date
    total_tokens: int
    total_requests: int
    raw_cost: float
    markup_cost: float
    provider: Optional[str] = None
    created_at: int
    updated_at: int


class ClientLiveCountersModel(_Row):
    client_org_id: str
    current_date: date
    today_tokens: int = 0
    today_requests: int = 0
    today_raw_cost: float = 0.0
    today_markup_cost: float = 0.0
    last_updated: int


class ProcessedGenerationModel(_Row):
    id: str
    client_org_id: str
    generation_date: date
    processed_at: int
    total_cost: float
    total_tokens: int


class ProcessedGenerationCleanupLogModel(_Row):
    id: int
    cleanup_date: date
    cutoff_date: date
    days_retained: int
    records_before: int
    records_deleted: int
    records_remaining: int
    old_tokens_removed: int
    old_cost_removed: float
    storage_saved_kb: float
    cleanup_duration_seconds: float
    success: bool
    error_message: Optional[str] = None
    created_at: int


class GlobalSettingsForm(BaseModel):
    openrouter_provisioning_key: Optional[str] = Field(default=None, repr=False)
    default_markup_rate: Optional[float] = 1.3
    billing_currency: Optional[str] = "USD"


class ClientOrganizationForm(BaseModel):
    name: str
    markup_rate: Optional[float] = 1.3
    monthly_limit: Optional[float] = None
    billing_email: Optional[str] = None
    timezone: Optional[str] = "Europe/Warsaw"


class UserClientMappingForm(BaseModel):
    user_id: str
    client_org_id: str
    openrouter_user_id: str


class ClientUsageStatsResponse(BaseModel):
    current_month: Dict[str, Any]
    daily_breakdown: List[Dict[str, Any]]
    monthly_summary: Dict[str, Any]
    client_org_name: str


class ClientBillingResponse(BaseModel):
    client_org_id: str
    client_name: str
    total_tokens: int
    raw_cost: float
    markup_cost: float
    profit_margin: float
    total_requests: int
    days_active: int
