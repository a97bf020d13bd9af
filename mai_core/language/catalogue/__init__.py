"""All texts. One module per area with `MESSAGES: Messages`; each key has its Polish and its English text.

A text with a number in it is a dict of plural forms: Polish one/few/many, English one/other.
"""

from __future__ import annotations

from mai_core.language.catalogue import (
    analysis,
    billing,
    common,
    identity,
    management,
    operations,
    overview,
    shell,
    usage,
)
from mai_core.language.catalogue.texts import Messages

MODULES = (common, shell, overview, usage, billing, analysis, operations, management, identity)

MESSAGES: Messages = {key: text for module in MODULES for key, text in module.MESSAGES.items()}
