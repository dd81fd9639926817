"""A local page: levers are moved and the model is run again at once, beside the plan as written."""
