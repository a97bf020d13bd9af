"""Both languages of the product: one catalogue, plural forms, numbers and dates as people write them.

    words = Words("pl")
    words("people.count", n=5)        -> '5 osób'
    words.money(1_234_560_000_000_000, "PLN")  -> '1 234,56 zł'

A text is added in `mai_core/language/catalogue/`, both languages side by side; a test fails on a missing form.
"""

from __future__ import annotations

from mai_core.language.words import LANGUAGES, Language, Words, language_of, t

__all__ = ["LANGUAGES", "Language", "Words", "language_of", "t"]
