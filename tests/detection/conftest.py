"""Ground and its reference, for every module of detection tests; one that needs another size has its own `cube`."""

import pytest

from tests.detection.fields import ground, model


@pytest.fixture(scope="module")
def cube():
    return ground()


@pytest.fixture(scope="module")
def reference(cube):
    return model(cube)
