"""Whether a household wants to leave, where to, and whether it can pay: each mode weighed against staying.

A nested logit in random-utility form (McFadden 1978): one lasting draw for leaving, one for each kind of destination.
Income enters in logs after housing cost (Tombe & Zhu 2019); cash due at once enters over liquid savings, because small grants
and credit move people as much as each other (Bryan, Chowdhury & Mobarak 2014).
"""

from typing import NamedTuple

from simulation import draws
from simulation.draws import exp_, gumbel, log_, logistic, normal, power, u01_eight, u01_four
from simulation.rule import rule
from simulation.rules.grant import entitlement, pool_share, stays_behind
from simulation.rules.income import farm_kept, participation_at, skill
from simulation.rules.loan import approval, lent


class Surroundings(NamedTuple):
    """What a village's households see in one month."""

    distance_km: float
    township_km: float
    road_sd: float
    service: float  # level at home
    school: float  # access at home, falling with distance: exp(-km / 5)
    peers: float  # share of the village's households living at destinations
    job_chance: float  # belief about finding work there


class Tastes(NamedTuple):
    """What lasts of a household's own leanings."""

    leave: float  # logistic, less attachment to the village
    bank: float  # the bank's lasting view of the household, uniform


class Costs(NamedTuple):
    """What a home asks of a household, yuan."""

    area: float  # m2
    price: float
    gross: float  # price and fitting out
    subsidy: float
    compensation: float
    pool: float  # part of price and fitting out that the county pays
    kin: float  # help from kin
    loan: float
    cash: float  # own money to be paid at once
    net: float  # after subsidy and compensation
    carried: bool  # cash is within what the household can put up


class Offer(NamedTuple):
    """What one mode brings: its utility over staying, tastes apart, and whether household and bank can carry it."""

    value: float
    affordable: bool


class Choice(NamedTuple):
    """The outcome of weighing all modes."""

    mode: int  # -1: stays
    margin: float  # utility of the best affordable mode over staying
    open: bool  # some way of moving is open at all
    wanted: float  # utility of the best mode over staying if neither cash nor homes did bind
    full: float  # the same of the best affordable mode that has no home left


@rule
def hazard_a_month(yearly):
    """The monthly probability behind a yearly one: 1 - (1 - q)^(1/12)."""
    if yearly >= 1.0:
        return 1.0
    return 1.0 - power(1.0 - yearly, 1.0 / 12.0)


@rule
def tastes(h, p, seed):
    """Lasting draws: attachment is normal, and far larger for the reluctant type."""
    dislike, leave, reluctant, bank = u01_four(seed, draws.TASTES, h.id, 0)
    attachment = p.attachment_mean + p.attachment_sd * normal(dislike)
    if reluctant < p.reluctant_share:
        attachment = attachment + p.reluctance
    return Tastes(logistic(leave) - attachment + p.push_log_odds, bank)


@rule
def is_reluctant(h, p, seed):
    """Whether the household is of the type that will hardly ever move."""
    _, _, reluctant, _ = u01_four(seed, draws.TASTES, h.id, 0)
    return reluctant < p.reluctant_share


@rule
def taste_for_kind(p, lots, kind):
    """Lasting taste for a kind of destination; listing a mode twice adds no new draw."""
    return p.mode_taste_scale * gumbel(lots[int(kind) - 1])


@rule
def open_to(h, m):
    """Whether the household may use a mode of moving."""
    if m.available <= 0.0 or m.counts <= 0.0:
        return False
    if m.needs_skill > 0.0 and not skilled(h):
        return False
    return m.needs_kin <= 0.0 or h.absent > 0


@rule
def skilled(h):
    """Skills for work or trade in town: nine years of schooling, a wage job, or a member who works away."""
    return h.schooling >= 9 or h.local_jobs > 0 or h.absent > 0


@rule
def open_in_place(h, p, m):
    """Improvement in place is for heads old enough who will not move."""
    return m.available > 0.0 and m.counts <= 0.0 and h.head_age >= p.in_place_min_age


@rule
def area(h, m, members):
    """The home `members` of a household take under the area rule, m2: by their number, hardship and class."""
    wanted, most = m.area_m2_per_person * members, m.area_max_m2
    if members < 4 and m.area_small_m2 > 0.0:
        most = m.area_small_m2
    elif members == 4 and m.area_four_m2 > 0.0:
        most = m.area_four_m2
    if h.hardship > 0:
        if m.hardship_m2_per_person > 0.0:  # a cap on each person's part binds below the smallest home, too
            most = min(most, m.hardship_m2_per_person * members)
        if m.hardship_max_m2 > 0.0:
            most = min(most, m.hardship_max_m2)
    elif h.poor == 0:
        wanted, most = wanted * m.others_area_factor, most * m.others_area_factor
    return min(max(wanted, m.area_min_m2), most)


@rule
def income_now(h, p):
    """Yearly income at home, all sources."""
    year = h.wage + h.business + h.remittance + h.transfer + h.property
    return (year + p.dividend_yuan_per_person * h.members) * p.income_index


class Standing(NamedTuple):
    """What is the same of a household whichever mode it weighs, yuan a year."""

    now: float  # income at home, all sources
    floor: float  # subsistence: neither here nor there is income less
    least: float  # least income counted after housing cost
    kept: float  # wages expected from jobs near home that outlast a move
    lost: float  # labourers expected to lose theirs
    free: float  # labourers without a wage job
    pay: float  # believed chance of work there times its pay
    beside: float  # remittances, transfers, property, and what comes with moving beside work and land
    purse: float  # what it can put up in cash, yuan


@rule
def purse(h, p):
    """Liquid savings a household will put into a home, yuan."""
    return p.usable_savings_share * h.savings / 100.0


@rule
def standing(h, p, job_chance):
    """The household's own figures, before any mode is looked at."""
    chance = 1.0 if p.job_before_move > 0.0 else job_chance
    pay = 12.0 * skill(h, p) * 0.5 * (p.workshop_wage_yuan_per_month + p.service_wage_yuan_per_month)
    year = h.remittance + h.transfer + h.property + p.dividend_yuan_per_person * h.members
    paid = p.education_waiver_yuan_per_child * h.children  # fixed amounts, which do not grow with incomes
    if h.poor > 0:
        paid = paid + p.poor_dividend_yuan_per_person * h.members
    if p.insurance_parity > 0.0:
        paid = paid + p.insurance_gain_yuan_per_person * h.members
    return Standing(
        income_now(h, p),
        p.subsistence_yuan_per_person * (h.members - h.absent) * p.income_index,
        p.income_floor_yuan_per_person * h.members,
        h.wage * p.job_kept_share * p.income_index,
        h.local_jobs * (1.0 - p.job_kept_share),
        1.0 * (h.workers - h.local_jobs),
        chance * pay * p.income_index,
        year * p.income_index + paid,
        purse(h, p),
    )


@rule
def expected_income(h, p, m, own):
    """Yearly income expected at a destination: jobs kept, new jobs at the believed chance, the farm that goes on, rent, parity."""
    if m.place <= 0.0:
        return own.now
    farm = farm_kept(p, m)
    seekers = own.lost + own.free * participation_at(p, m)
    land = (p.land_rent_yuan_per_mu * (1.0 - farm) + p.ecological_payment_yuan_per_mu) * h.land_mu
    let = (
        h.let_rent * p.income_index if m.surrender > 0.0 else 0.0
    )  # an old house that is given up is let no more
    return own.kept + seekers * own.pay + h.business * farm * p.income_index + own.beside + land - let


@rule
def service_level(p, site_class):
    """Services grow with the size of a site."""
    if site_class <= 0:
        return p.service_level_small
    if site_class == 1:
        return p.service_level_medium
    return p.service_level_large


@rule
def costs(h, p, m, subsidy, whole, limit, purse):
    """What one mode costs after `subsidy` (yuan): the county's pool and kin help first, then savings, then the loan.

    `limit` is the most a bank now lends, `purse` what the household can put up in cash.
    """
    staying = stays_behind(h, p, m, whole)
    size = area(h, m, h.members - staying)
    price = p.home_price_yuan_per_m2 * m.price_ratio * size
    gross = price + p.fitting_out_yuan_per_m2 * m.fitting_out_factor * size
    subsidy = min(subsidy, gross)  # a surplus over the price is never household income
    leaves_house = m.surrender > 0.0 and m.counts > 0.0 and staying == 0
    compensation = p.compensation_yuan_per_m2 * h.house_m2 if leaves_house else 0.0
    pool = pool_share(h, p, m, gross - subsidy, h.members - staying)
    upfront = gross - pool if p.subsidy_delay_months > 0.0 else gross - pool - subsidy
    kin = min(p.kin_transfer_yuan, upfront)
    loan = lent(upfront - kin - purse, price, p, limit) if h.poor == 0 or p.loan_to_poor > 0.0 else 0.0
    cash = upfront - kin - loan
    net = max(0.0, gross - pool - subsidy - compensation)
    return Costs(size, price, gross, subsidy, compensation, pool, kin, loan, cash, net, cash <= purse + 0.01)


@rule
def offer(h, p, m, c, terms, bank, around, service, whole, own):
    """Weigh one mode, at its costs `c`, against staying.

    `service` is the service level of the site, `bank` the bank's lasting view of the household, `own` its own figures. Those
    who would stay behind neither cost anything in town nor are too old to move.
    """
    staying = stays_behind(h, p, m, whole)
    income = max(expected_income(h, p, m, own), own.floor)
    carry = p.discount_rate + p.upkeep_rate
    if m.resale_lock_years <= 0.0 or p.house_price_growth < 0.0:  # a lock keeps gains away, not losses
        carry = carry - p.house_price_growth
    housing = max(0.0, c.loan * terms.year_spread + max(0.0, carry) * (c.net - c.loan))
    housing = housing + 12.0 * m.rent_yuan_per_m2_month * c.area * p.income_index
    in_town = max(h.members - h.absent - staying, 0)
    housing = housing + p.town_living_cost_yuan_per_person * p.income_index * m.place / 2.0 * in_town
    start = max(own.now, own.floor)
    value = p.b_income * log_(max(income - housing, own.least) / max(start, own.least))
    value = value - p.b_cash * c.cash / max(h.savings / 100.0, 1000.0)
    if m.place > 0.0:
        distance = around.distance_km if m.place > 1.0 else around.township_km
        value = value + p.b_hazard * h.hazard + p.b_road * around.road_sd
        value = value + p.b_service * (service - around.service)
        if h.children > 0:
            value = value + p.b_school * (p.school_level - around.school)
        value = value + p.b_peers * around.peers
        if staying == 0:
            value = value - p.b_age * max(0.0, h.head_age - 60.0) / 10.0
        if p.neighbours_together > 0.0 and m.needs_home > 0.0:
            value = value + p.b_neighbours
        value = value - p.b_distance * distance
        if m.land_kept <= 0.0:
            value = value - p.b_land * h.land_mu
    affordable = c.carried
    if affordable and c.loan > 0.0:
        affordable = bank < approval(c.loan * terms.year_after_grace / max(income, 1.0), p)
    return Offer(value, affordable)


@rule
def choose(h, p, modes, terms, limit, around, site_of, sites, room, whole, explain, seed):
    """The best affordable mode if it beats staying; improvement in place only where no way of moving does.

    `modes` are this month's mode records, `site_of` the village's site for each mode, `sites` the table of sites,
    `room` the homes of each mode in the county that nobody has applied for; `limit` the most a bank now lends; `whole` is 1
    where the offer is whole-village relocation. Only if `explain` is 1 are modes weighed, too, for which the household lacks
    the cash: then `wanted` tells.
    """
    leaning = tastes(h, p, seed)
    own = standing(h, p, around.job_chance)
    lots = u01_eight(seed, draws.TASTE_MODE, h.id, 0)
    best, at, wanted, full, is_open = -1e300, -1, -1e300, -1e300, False
    if explain > 0 or most_worth(h, p, around, own, lots) + leaning.leave > 0.0:
        for k in range(len(modes)):
            m = modes[k]
            if not open_to(h, m) or (m.needs_home > 0.0 and site_of[k] < 0):
                continue
            is_open = True
            taken = m.needs_home > 0.0 and (room[k] < 1.0 or own_site_full(p, sites[site_of[k]]))
            if taken and explain == 0:
                continue
            c = costs(h, p, m, entitlement(h, p, m, whole), whole, limit, own.purse)
            if not c.carried and explain == 0:
                continue
            level = service_level(p, sites[site_of[k]].klass if site_of[k] >= 0 else 1)
            o = offer(h, p, m, c, terms, leaning.bank, around, level, whole, own)
            worth = o.value + leaning.leave + taste_for_kind(p, lots, m.kind)
            wanted = max(wanted, worth)
            if not o.affordable:
                continue
            if taken:
                full = max(full, worth)
            elif worth > best:
                best, at = worth, k
    if best > 0.0:
        return Choice(at, best, is_open, wanted, full)
    if whole == 0:
        for k in range(len(modes)):
            m = modes[k]
            if not open_in_place(h, p, m):
                continue
            c = costs(h, p, m, entitlement(h, p, m, 0), 0, limit, own.purse)
            o = offer(h, p, m, c, terms, leaning.bank, around, 0.0, 0, own)
            worth = o.value + taste_for_kind(p, lots, m.kind)
            if o.affordable and worth > 0.0:
                return Choice(k, worth, is_open, wanted, full)
    return Choice(-1, best, is_open, wanted, full)


@rule
def own_site_full(p, site):
    """Where neighbours are kept together, whether the village's own site has no home left within a year."""
    return p.neighbours_together > 0.0 and site.soon - site.reserved - site.occupied - site.idle < 1.0


@rule
def most_worth(h, p, around, own, lots):
    """An upper bound of what any way of moving to another place is worth, tastes for leaving apart: free of cost, and near
    (or where it is: a way of moving may be in place).

    Most households that will not move are told so by it, and their modes need not be weighed one by one.
    """
    land = (p.land_rent_yuan_per_mu + p.ecological_payment_yuan_per_mu) * h.land_mu
    income = own.kept + (own.lost + own.free) * own.pay + h.business * p.income_index + own.beside + land
    start = max(max(own.now, own.floor), own.least)
    value = p.b_income * log_(max(max(income, start), own.least) / start)
    place = p.b_hazard * h.hazard + p.b_road * around.road_sd
    best_service = max(max(p.service_level_small, p.service_level_medium), p.service_level_large)
    place = place + p.b_service * (best_service - around.service)
    if h.children > 0:
        place = place + p.b_school * (p.school_level - around.school)
    place = place + p.b_peers * around.peers
    if p.split_moves <= 0.0 or h.splits == 0:
        place = place - p.b_age * max(0.0, h.head_age - 60.0) / 10.0
    if p.neighbours_together > 0.0:
        place = place + p.b_neighbours
    best = lots[0]
    for k in range(1, 8):
        best = max(best, lots[k])
    return value + max(place, 0.0) + p.mode_taste_scale * gumbel(best) + 1e-9


@rule
def surroundings(village, alive):
    """What a village offers and shows this month; once closed (or `alive` is 0) it has neither services nor school."""
    if village.closed > 0:
        alive = 0.0
    return Surroundings(
        village.distance_km,
        village.township_km,
        village.road_sd,
        village.service * alive,
        exp_(-village.school_km / 5.0) * alive,
        village.peers,
        village.job_chance,
    )
