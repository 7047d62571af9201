"""Scenes with known truth, for the demo and the tests."""

from monitor.simulate.series import SimulatedCatalog, SimulatedChange, write_catalog

__all__ = ["SimulatedCatalog", "SimulatedChange", "write_catalog"]
