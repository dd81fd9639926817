"""The least costly mix of levers that reaches a target, and what can be reached at what cost."""

RUNS, CONFIDENCE, PROBABILITY = 800, 0.95, 0.9  # where none are asked for
COST = "cost"
OVER = ("futures", "noise")
