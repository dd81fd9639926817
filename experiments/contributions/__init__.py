"""Which instrument contributes what: Shapley values of lever families over all their combinations, run with common draws."""
