"""Who paid whom for what: every flow of money has one line here, and books balance to the fen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SECTORS = (
    "central", "province", "city", "county", "office", "bank", "developer", "employer", "household", "rest_of_world",
)  # fmt: skip


class Flow(NamedTuple):
    """One kind of payment. `programme` marks what the programme costs the public or brings it in."""

    name: str
    payer: str
    payee: str
    purpose: str
    programme: bool


# Each county has one programme office. Governments appropriate money into its account; what the programme pays leaves it.
# Standing entitlements (insurance parity, ecological payments) are paid by the county outside that account.
FLOWS = tuple(
    Flow(*row)
    for row in (
        ("appropriation_central", "central", "office", "appropriation", False),
        ("appropriation_province", "province", "office", "appropriation", False),
        ("appropriation_city", "city", "office", "appropriation", False),
        ("appropriation_county", "county", "office", "appropriation", False),
        ("appropriation_jobs", "county", "office", "appropriation", False),
        # what Gansu's counties receive and borrow for each person on the list, and what becomes of it
        ("pool_bond", "province", "office", "appropriation", False),
        ("pool_fund", "central", "office", "appropriation", False),
        ("pool_loan_drawn", "bank", "office", "county debt", False),
        ("pool_loan_interest", "office", "bank", "county debt interest", True),
        ("pool_loan_principal", "office", "bank", "county debt", False),
        ("pool_interest_central", "central", "office", "appropriation", False),
        ("pool_interest_province", "province", "office", "appropriation", False),
        ("land_sale", "rest_of_world", "office", "land sale", False),
        ("pool_home", "office", "developer", "home", True),
        ("infrastructure", "office", "rest_of_world", "infrastructure", True),
        ("repair", "office", "rest_of_world", "repair", True),
        ("subsidy", "office", "household", "subsidy", True),
        ("compensation", "office", "household", "old house", True),
        ("paid_exit", "office", "household", "land", True),
        ("reclamation", "office", "rest_of_world", "reclamation", True),
        ("quota_revenue", "rest_of_world", "office", "quota", True),
        ("interest_subsidy", "office", "household", "interest subsidy", True),
        ("training", "office", "rest_of_world", "training", True),
        ("lost_work_subsidy", "office", "household", "training", True),
        ("first_job_subsidy", "office", "household", "employment", True),
        ("social_insurance_subsidy", "office", "employer", "employment", True),
        ("post_subsidy", "office", "employer", "public-welfare post", True),
        ("startup_subsidy", "office", "household", "start-up", True),
        ("project", "office", "rest_of_world", "income project", True),
        ("education_waiver", "county", "household", "education", True),
        ("poor_dividend", "county", "household", "dividend", True),
        ("insurance_gain", "county", "household", "social insurance", True),
        ("ecological_payment", "county", "household", "ecological payment", True),
        ("home_price", "household", "developer", "home", False),
        ("fitting_out", "household", "rest_of_world", "fitting out", False),
        ("rent", "household", "developer", "home", False),
        ("kin_transfer", "rest_of_world", "household", "kin", False),
        ("loan_drawn", "bank", "household", "loan", False),
        ("loan_principal", "household", "bank", "loan", False),
        ("loan_interest", "household", "bank", "loan", False),
        ("startup_investment", "household", "rest_of_world", "start-up", False),
        ("wage", "employer", "household", "wage", False),
        ("business", "rest_of_world", "household", "business", False),
        ("remittance", "rest_of_world", "household", "transfer", False),
        ("transfer", "rest_of_world", "household", "transfer", False),
        ("property", "rest_of_world", "household", "property", False),
        ("consumption", "household", "rest_of_world", "consumption", False),
    )
)
FLOW = {flow.name: i for i, flow in enumerate(FLOWS)}


def by_payer(ledger: np.ndarray) -> dict[tuple[str, str, str], float]:
    """Yuan by (payer, payee, purpose), summed over all months and counties of a ledger array."""
    totals = ledger.reshape(-1, len(FLOWS)).sum(axis=0) / 100.0
    sums: dict[tuple[str, str, str], float] = {}
    for flow, yuan in zip(FLOWS, totals, strict=True):
        key = (flow.payer, flow.payee, flow.purpose)
        sums[key] = sums.get(key, 0.0) + float(yuan)
    return sums
