import socket

from tests.e2e.conftest import Project


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_a_port_that_is_taken_is_said_with_the_remedy(make_project) -> None:
    project: Project = make_project()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = project("serve", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert "choose another `web.host` or `web.port`" in outcome.err


def test_a_server_that_nobody_could_log_in_to_does_not_start(make_project) -> None:
    project: Project = make_project()
    outcome = project("serve", "--host", "0.0.0.0", "--port", free_port())
    assert outcome.code == 2
    assert "monitor tokens create" in outcome.err


def test_tokens_are_made_listed_and_revoked(make_project) -> None:
    project: Project = make_project()
    made = project.ok("tokens", "create", "ada", "--role", "reviewer", "--days", "30")
    secret = made.out.strip()
    assert secret.startswith("lm_")
    (row,) = project.ok("tokens", "list", "--format", "json").json
    assert (row["name"], row["role"], row["revoked_at"]) == ("ada", "reviewer", None)
    assert secret not in project.ok("tokens", "list", "--format", "json").out
    project.ok("tokens", "revoke", row["id"])
    assert project.ok("tokens", "list", "--format", "json").json[0]["revoked_at"]
    assert project("tokens", "revoke", 99).code == 1
    assert project("tokens", "create", "system").code == 1
