"""What a village believes about finding work at the destination."""

from simulation.rule import rule


@rule
def job_chance(working, seeking, p):
    """Mean of a Beta belief: n0 pseudo-movers at the stated chance, plus the village's own movers; bad news may weigh more."""
    bad = p.bad_news_weight * seeking
    return (p.prior_weight * p.prior_job_chance + working) / (p.prior_weight + working + bad)
