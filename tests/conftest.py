"""Fixtures of every test: real servers, real databases, and the real scenes where they are at hand."""

from pathlib import Path

import pytest

pytest_plugins = ["tests.servers", "tests.databases", "tests.browser"]

SHARED = (Path(__file__).parent.parent.parent / "shared").resolve()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real scenes beside the repository; the test skips where there is none."""
    if not (SHARED / "data" / "README.md").exists():
        pytest.skip("the real scenes are not beside the repository (../shared/data)")
    return SHARED
