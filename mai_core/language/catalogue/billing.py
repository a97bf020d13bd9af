"""Texts of the billing pages."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {}
