"""Is a target within reach under a policy: over the model's noise, over what nobody knows, and what stands in the way."""
