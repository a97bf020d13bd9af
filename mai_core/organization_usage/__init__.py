"""The Python contract of the existing mAI system, on the ledger.

Callers keep their imports (`integrations/open_webui/organization_usage.py` gives them the old address). Bad values
never raise: the answer is None, False or empty, and one line in the log names field and reason. A ledger that cannot
be reached does raise, because "not processed" would bill twice.
"""

from mai_core.organization_usage.clients import ClientOrganizationDB, GlobalSettingsDB, UserClientMappingDB
from mai_core.organization_usage.door import use_installation
from mai_core.organization_usage.models import (
    ClientBillingResponse,
    ClientDailyUsageModel,
    ClientLiveCountersModel,
    ClientModelDailyUsageModel,
    ClientOrganizationForm,
    ClientOrganizationModel,
    ClientUsageStatsResponse,
    ClientUserDailyUsageModel,
    GlobalSettingsForm,
    GlobalSettingsModel,
    ProcessedGenerationCleanupLogModel,
    ProcessedGenerationModel,
    UserClientMappingForm,
    UserClientMappingModel,
)
from mai_core.organization_usage.usage import ClientUsageDB, ProcessedGenerationDB

__all__ = [
    "ClientBillingResponse",
    "ClientDailyUsageModel",
    "ClientLiveCountersModel",
    "ClientModelDailyUsageModel",
    "ClientOrganizationDB",
    "ClientOrganizationForm",
    "ClientOrganizationModel",
    "ClientUsageDB",
    "ClientUsageStatsResponse",
    "ClientUserDailyUsageModel",
    "GlobalSettingsDB",
    "GlobalSettingsForm",
    "GlobalSettingsModel",
    "ProcessedGenerationCleanupLogModel",
    "ProcessedGenerationDB",
    "ProcessedGenerationModel",
    "UserClientMappingDB",
    "UserClientMappingForm",
    "UserClientMappingModel",
    "use_installation",
]
