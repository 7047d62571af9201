"""The database: schema, label-raster codec, and one small module of queries per subject."""

from monitor.store.store import Store, open_store

__all__ = ["Store", "open_store"]
