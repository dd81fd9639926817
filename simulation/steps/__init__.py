"""The fourteen steps of the month over all rows. Each calls the scalar rules; the order is in `simulation.month`."""
