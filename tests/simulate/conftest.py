"""A small simulated catalog that the tests of this folder read."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from monitor.simulate import SimulatedCatalog, write_catalog
from monitor.simulate.catalog_writer import OFFSET, SCALE


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCatalog:
    return write_catalog(tmp_path_factory.mktemp("simulated") / "catalog", dates=6, seed=5, size=(150, 170))


def read(path: Path) -> NDArray:
    with rasterio.open(path) as file:
        return file.read(1)


def band_path(made: SimulatedCatalog, scene_id: str, ending: str) -> Path:
    (path,) = (made.folder / scene_id).glob(f"*_{ending}.TIF")
    return path


def reflectance(made: SimulatedCatalog, scene_id: str, number: int) -> NDArray[np.float64]:
    """One band by its Landsat number (4 is red), NaN where there is fill."""
    numbers = read(band_path(made, scene_id, f"SR_B{number}"))
    return np.where(numbers > 0, numbers * SCALE + OFFSET, np.nan)


def truth(made: SimulatedCatalog, scene_id: str) -> NDArray[np.uint8]:
    return read(made.truth(scene_id))
