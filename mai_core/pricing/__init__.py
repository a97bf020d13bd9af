"""The price book: what OpenRouter lists, what it listed when, and what a generation costs at it. Pure."""

from mai_core.pricing.book import ROUTING_VARIANTS, PriceBook
from mai_core.pricing.changes import Difference, Plan, plan_refresh
from mai_core.pricing.listing import Listed, Listing, parse_models
from mai_core.pricing.price import ModelPrice
from mai_core.pricing.terms import Override, Pricing, pricing_of, pricing_text

__all__ = [
    "ROUTING_VARIANTS",
    "Difference",
    "Listed",
    "Listing",
    "ModelPrice",
    "Override",
    "Plan",
    "PriceBook",
    "Pricing",
    "parse_models",
    "plan_refresh",
    "pricing_of",
    "pricing_text",
]
