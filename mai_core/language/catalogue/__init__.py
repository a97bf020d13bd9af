"""All texts. One module per area with `MESSAGES: Messages`; each key has its Polish and its English text.

A text with a number in it is a dict of plural forms: Polish one/few/many, English one/other. A new module is found
by itself; a test fails on a key that two modules have.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from mai_core.language.catalogue.texts import Messages

MODULES = tuple(import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))

MESSAGES: Messages = {key: text for module in MODULES for key, text in getattr(module, "MESSAGES", {}).items()}
