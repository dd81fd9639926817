"""Urban accounts: residents of the core city, of other towns and of villages, month by month, and everything that changes them.

The accounts follow a run; nothing in them acts back on households. Who moves comes from the run; births and deaths, arrivals
from outside, reclassified villages, students and graduates come from the scenario. A newcomer counts as a resident after
`residence_months`, as in the census (six months).
"""

from __future__ import annotations

import numpy as np

from simulation.draws import exp_, log_, power
from simulation.outcomes import AREAS, COMPONENTS, GROUPS, INCOMES, K, Outcomes

CORE, TOWN, RURAL = range(len(AREAS))
_COMPONENT = {name: k for k, name in enumerate(COMPONENTS)}
_AT_HOME = [GROUPS.index(name) for name in ("stayers", "withheld", "returned")]
_EARNED = [INCOMES.index(f"{source}_fen") for source in ("wage", "business", "transfer", "property")]
_TO_TOWN, _FROM_TOWN = (
    [K.residents_to_core, K.residents_to_town],
    [K.residents_from_core, K.residents_from_town],
)
_START, _PERSONS = INCOMES.index("start_fen"), INCOMES.index("persons")


def keeps_accounts(policy: np.recarray) -> bool:
    """Whether the scenario gives a stock of residents to start from."""
    first = policy[0, 0]
    return bool(first.core_residents + first.town_residents + first.rural_residents > 0.0)


def account(outcomes: Outcomes, policy: np.recarray, core: np.ndarray, *, months: int) -> None:
    """Fill `outcomes.urban` and `outcomes.urban_income` for the first `months` months.

    `core` is 1 for each county whose town is the core city. Does nothing where the scenario keeps no accounts.
    """
    outcomes.urban[:] = 0.0
    outcomes.urban_income[:] = 0.0
    if months < 1 or not keeps_accounts(policy):
        return
    of_run = _moves(outcomes, policy, core, months)
    first = policy[0, 0]
    residents = np.array([first.core_residents, first.town_residents, first.rural_residents])
    for t in range(months):
        month = outcomes.urban[t]
        for name, flows in of_run.items():
            month[:, _COMPONENT[name]] = flows[t]
        _flows(month, policy[t, 0], residents, outcomes, t)
        residents = residents + month[:, 1:].sum(axis=1)
        month[:, 0] = residents
    _incomes(outcomes, policy, months)


def _moves(outcomes: Outcomes, policy: np.recarray, core: np.ndarray, months: int) -> dict[str, np.ndarray]:
    """Monthly flows of the region's own households by component, (months, areas), once they count as residents."""
    lag = int(policy[0, 0].residence_months)
    flows = {name: np.zeros((months, len(AREAS))) for name in ("moves", "school", "jobs")}
    county = outcomes.county[:months]

    def new(k: int) -> np.ndarray:
        """What was added in each month, by county, as of `lag` months later."""
        added = np.diff(county[:, :, k], axis=0, prepend=0.0)
        return np.concatenate([np.zeros((min(lag, months), added.shape[1])), added[: max(months - lag, 0)]])

    town_of = np.where(core > 0.0, CORE, TOWN)
    stays = policy[:months, 0].own_move_in_region_share
    for area, to, back in (
        (CORE, K.residents_to_core, K.residents_from_core),
        (TOWN, K.residents_to_town, K.residents_from_town),
    ):
        net = (new(to) - new(back)).sum(axis=1)
        flows["moves"][:, area] += net
        flows["moves"][:, RURAL] -= net
    unaided, school, jobs = new(K.residents_own_moved), new(K.school_persons), new(K.job_persons)
    for c, area in enumerate(town_of):
        flows["moves"][:, area] += unaided[:, c] * stays
        flows["moves"][:, RURAL] -= unaided[:, c]
        for name, persons in (("school", school[:, c]), ("jobs", jobs[:, c])):
            flows[name][:, area] += persons
            flows[name][:, RURAL] -= persons
    return flows


def _flows(month: np.ndarray, p: np.record, residents: np.ndarray, outcomes: Outcomes, t: int) -> None:
    """One month of all that does not come from the run; `month` is (areas, COMPONENTS)."""
    split = np.array([p.core_share, 1.0 - p.core_share])
    towns = month[:RURAL]
    month[:RURAL, _COMPONENT["natural"]] = residents[:RURAL] * p.natural_growth_urban / 12.0
    month[RURAL, _COMPONENT["natural"]] = residents[RURAL] * p.natural_growth_rural / 12.0
    placed = outcomes.county[t, :, K.job_persons].sum()
    if t > 0:
        placed -= outcomes.county[t - 1, :, K.job_persons].sum()
    for_others = max(p.urban_jobs_per_year * p.net_job_share / 12.0 - max(placed, 0.0), 0.0)
    arrivals = p.net_in_migration_per_year / 12.0 + p.in_migrants_per_net_job * for_others
    towns[:, _COMPONENT["migration"]] = split * arrivals
    month[RURAL, _COMPONENT["migration"]] = -p.rural_net_out_per_year / 12.0
    towns[:, _COMPONENT["students"]] = split * p.students_added_per_year / 12.0
    towns[:, _COMPONENT["graduates"]] = split * p.graduates_per_year * more_graduates(p) / 12.0
    towns[:, _COMPONENT["reclassified"]] = split * p.reclassified_per_year / 12.0
    month[RURAL, _COMPONENT["reclassified"]] = -p.reclassified_per_year / 12.0
    back, local = p.return_entrepreneurs_per_year / 12.0, p.returners_from_towns_share
    to_villages = p.returners_to_villages_share
    towns[:, _COMPONENT["returners"]] = (
        split * back * ((1.0 - local) * (1.0 - to_villages) - local * to_villages)
    )
    month[RURAL, _COMPONENT["returners"]] = back * to_villages


def more_graduates(p: np.record) -> float:
    """Share of graduates who stay only because of the help: logit of the usual share plus the effects of lodging and insurance."""
    usual = min(max(float(p.graduate_stay_share), 1e-9), 1.0 - 1e-9)
    lift = (
        p.lodging_effect * p.graduate_lodging_months + p.insurance_effect * p.graduate_insurance_months / 12.0
    )
    odds = exp_(log_(usual / (1.0 - usual)) + lift)
    return odds / (1.0 + odds) - usual


def _incomes(outcomes: Outcomes, policy: np.recarray, months: int) -> None:
    """Mean incomes of townspeople and villagers, their ratio, and what moved it.

    Growth lets both means grow at their own rates; policy adds what stayers' incomes gained beyond growth; composition is the
    rest: who left the villages, and what they earn in town. The parts are taken in this order and add up.
    """
    p = policy[0, 0]
    if p.urban_income_yuan_per_person <= 0.0 or p.rural_mean_income_yuan_per_person <= 0.0:
        return
    start = p.urban_income_yuan_per_person / p.rural_mean_income_yuan_per_person
    urban_index, base_a_head = 1.0, 0.0
    for t in range(months):
        p = policy[t, 0]
        group = outcomes.income[t].sum(axis=0)  # (GROUPS, INCOMES)
        home = group[_AT_HOME].sum(axis=0)
        if t == 0:
            base_a_head = _over(home[_START], home[_PERSONS], 1.0)
        gain = _over(home[_EARNED].sum(), home[_START] * p.income_index, 1.0)
        kept = _over(_over(home[_START], home[_PERSONS], base_a_head), base_a_head, 1.0)
        urban = policy[0, 0].urban_income_yuan_per_person * urban_index
        rural = policy[0, 0].rural_mean_income_yuan_per_person * p.income_index
        movers = group[GROUPS.index("movers")]
        earned = _over(movers[_EARNED].sum() * 12.0 / 100.0, movers[_PERSONS], urban)
        arrived = outcomes.county[t, :, _TO_TOWN].sum() - outcomes.county[t, :, _FROM_TOWN].sum()
        newcomers = min(max(_over(arrived, outcomes.urban[t, :RURAL, 0].sum(), 0.0), 0.0), 1.0)
        mixed = urban * (1.0 - newcomers) + earned * newcomers
        grown, with_policy = urban / rural, urban / (rural * gain)
        ratio = mixed / (rural * gain * kept)
        outcomes.urban_income[t] = (
            mixed, rural * gain * kept, ratio, grown - start, with_policy - grown, ratio - with_policy,
        )  # fmt: skip
        urban_index *= power(1.0 + p.urban_income_growth, 1.0 / 12.0)


def _over(top: float, bottom: float, otherwise: float) -> float:
    return top / bottom if bottom > 0.0 else otherwise
