"""A store: the folder in which the runs of one sweep are kept, safe as soon as each is done.

It is also how a sweep resumes: what is in the store is not run again. One process writes a store at a time; any number
read it meanwhile. Design, manifest and shards are plain JSON and Parquet, so DuckDB and pandas read them in one line.
"""

from experiments.store.disk import CannotWrite
from experiments.store.export import FORMATS, export
from experiments.store.folder import Store
from experiments.store.listing import Listed, below, listed, stores
from experiments.store.merge import merge
from experiments.store.pack import pack, unpack
from experiments.store.verify import verify

__all__ = [
    "FORMATS",
    "CannotWrite",
    "Listed",
    "Store",
    "below",
    "export",
    "listed",
    "merge",
    "pack",
    "stores",
    "unpack",
    "verify",
]
