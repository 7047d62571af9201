"""Whatever a client sends, the server answers with what the OpenAPI says, and never with a 5xx."""

from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from monitor.config_file import load_settings
from monitor.store import open_store
from monitor.web.app import create_app
from tests.e2e.conftest import Project

HOST = "localhost:8080"
RETRAIN = ("POST", "/api/v1/monitors/{name}/references")
EXAMPLES = 6
"""Requests an operation."""


@pytest.fixture(scope="module")
def app(scanned: Project, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The application on a copy of the scanned project's database."""
    found = load_settings(scanned.config)
    copy = tmp_path_factory.mktemp("openapi") / "copy.db"
    copy.write_bytes(Path(found.database.removeprefix("sqlite:///")).read_bytes())
    store = open_store(f"sqlite:///{copy}")
    return create_app(found.model_copy(update={"database": f"sqlite:///{copy}"}), store, pages=False)


def test_no_request_ends_in_a_server_error(app: FastAPI) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"Host": HOST})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 40
    answered: Counter[int] = Counter()
    for operation in operations:
        if (operation.method.upper(), operation.path) == RETRAIN:
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: Case) -> None:
            response = case.call(headers={"Host": HOST})
            answered[response.status_code] += 1
            assert response.status_code < 500, (case.method, case.formatted_path, case.query, case.body, response.text)

        check()
    assert answered[200] > len(operations) / 2
