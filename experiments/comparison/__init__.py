"""Policies side by side: the same households, draws and uncertain values under each policy of a region."""
