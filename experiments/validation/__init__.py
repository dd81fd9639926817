"""Does the model say what happened? Facts it was not set to, against its intervals and against naive forecasts."""
