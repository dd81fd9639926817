"""Is a target within reach under a policy: over the model's noise, over what nobody knows, and what stands in the way."""

RUNS, MAP_POINTS, PROBABILITY = 400, 128, 0.9  # where none are asked for
