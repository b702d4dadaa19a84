"""The built-in pipelines, as `[pipelines.NAME]` would set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import V1

BUILTIN: Mapping[str, Mapping[str, Any]] = {
    "core": {
        "description": "Lists of the company and of each club.",
        "groups": ("company", "club"),
    },
    "members": {
        "description": "Members with their visits, classes, cards, documents and messages.",
        "resources": ("users", "club_visits", "measurements"),
        "groups": ("user", "class", "message"),
    },
    "finance": {
        "description": "Contracts with their fees, plans, discounts and products.",
        "resources": (
            "contracts",
            "memberships",
            "payment_plans",
            "freeze_reasons",
            "products",
            "user_products",
            "pending_contract_fees",
        ),
        "groups": ("contract", "plan"),
    },
    "everything": {
        "description": "All that the account may read, the dictionary of cities included.",
        "groups": tuple(V1.groups),
    },
}
