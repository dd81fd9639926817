"""One run of a relocation programme: households, places and a policy in, outcomes out."""

from simulation import codecache

codecache.install()  # before any kernel is declared
