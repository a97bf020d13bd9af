"""Texts of the operations pages."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {}
