"""Goes to `open_webui/models/organization_usage.py` of an Open WebUI installation that imports it from there.

    from open_webui.models.organization_usage import ClientUsageDB

It needs `mai_core` on the Python path and the same environment as mAI Usage (USAGE_SUMMARY_DB, MAI_SECRET_KEY).
"""

from mai_core.organization_usage import *  # noqa: F403
from mai_core.organization_usage import __all__  # noqa: F401
