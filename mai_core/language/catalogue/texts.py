"""What a catalogue module holds."""

from __future__ import annotations

Text = str | dict[str, str]
Messages = dict[str, tuple[Text, Text]]
"""key -> (Polish, English)"""
