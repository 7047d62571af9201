"""What the daemon says of itself: health, metrics, status; and what a set clock does to its schedules."""

import json
import logging
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import generate_latest

from monitor.config_file import load_settings
from monitor.daemon import Daemon
from monitor.errors import CatalogUnavailable
from monitor.health import Meters, serve
from monitor.jobs import Job, trigger_of
from monitor.scan import scan
from monitor.store import open_store
from monitor.store.scenes import list_scenes
from monitor.store.service import lead
from tests.chaos import write_config
from tests.e2e.conftest import run_command
from tests.servers import free_port


@pytest.fixture
def daemon(tmp_path, tiny):
    config = write_config(tmp_path, tiny, "sqlite:///monitor.db", engine={"workers": 2})
    settings = load_settings(config)
    with open_store(settings.database) as store:
        store.upgrade()
        made = Daemon(config, store, settings)
        yield made
        made.drain()


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_gives_reasons_and_metrics_what_is_stored(daemon, tiny):
    scan(daemon.store, daemon.settings, daemon.settings.monitors[0])
    port = free_port()
    server = serve(port, Meters(daemon.store), daemon.alive, daemon.ready)
    assert server is not None
    try:
        assert get(port, "/healthz") == (200, '{"ok": true, "reasons": []}')
        daemon.jobs.failed["discover:lake"] = "no answer"
        status, body = get(port, "/readyz")
        assert (status, json.loads(body)["reasons"]) == (503, ["discover:lake: no answer"])
        daemon.beat -= 1000
        assert get(port, "/healthz")[0] == 503
        metrics = get(port, "/metrics")[1]
        assert f'monitor_scenes{{monitor="lake",state="done"}} {len(tiny.scene_ids)}.0' in metrics
        assert "monitor_queue_age_seconds" in metrics
        assert get(port, "/")[0] == 404
        assert serve(port, Meters(daemon.store), daemon.alive, daemon.ready) is None
    finally:
        server.shutdown()
        server.server_close()


def test_the_time_that_every_stage_of_a_scene_takes_is_measured(daemon, tiny):
    done, metrics = f'state="done"}} {len(tiny.scene_ids)}.0', ""
    while done not in metrics:
        daemon.tick()
        metrics = generate_latest(daemon.meters.registry).decode()
    for stage in ("read", "normalise", "sweep", "label", "detect", "store"):
        assert f'monitor_stage_seconds_count{{monitor="lake",stage="{stage}"}} {len(tiny.scene_ids)}.0' in metrics
    assert f'monitor_scenes_settled_total{{monitor="lake",outcome="done"}} {len(tiny.scene_ids)}.0' in metrics


def test_the_status_names_who_leads_and_counts(daemon, tiny):
    scan(daemon.store, daemon.settings, daemon.settings.monitors[0])
    with daemon.store.session() as session:
        lead(session, "somebody", timedelta(minutes=1))
    shown = run_command("--config", daemon.config, "status", "--format", "json").json
    assert shown["leader"]["owner"] == "somebody"
    assert shown["monitors"][0]["scenes"] == {"done": len(tiny.scene_ids)}
    table = run_command("--config", daemon.config, "status")
    assert (table.code, "led by somebody" in table.out) == (0, True)


def test_pruning_says_what_would_go_and_a_backup_can_be_opened(daemon, tiny, tmp_path):
    scan(daemon.store, daemon.settings, daemon.settings.monitors[0])
    write_config(tmp_path, tiny, "sqlite:///monitor.db", retention={"label_maps": "1d"})
    command = ("--config", daemon.config, "db")
    assert f"label maps: {3 * len(tiny.scene_ids)} would be removed" in run_command(*command, "prune", "--dry-run").out
    assert run_command(*command, "backup", tmp_path / "copy.db").code == 0
    with open_store(f"sqlite:///{tmp_path / 'copy.db'}") as copy, copy.session(read_only=True) as session:
        assert len(list_scenes(session)) == len(tiny.scene_ids)
    assert run_command(*command, "backup", tmp_path / "copy.db").code == 2
    assert f"label maps: {3 * len(tiny.scene_ids)} removed" in run_command(*command, "prune").out
    assert "label maps: 0 removed" in run_command(*command, "prune").out


def test_when_the_clock_is_set_all_schedules_start_anew(daemon, caplog):
    daemon.tick()
    scheduler = daemon.jobs.scheduler
    daemon.clock_offset += 3600
    with caplog.at_level(logging.WARNING):
        daemon.tick()
    assert "the clock was set by -3600 s" in caplog.text
    assert daemon.jobs.scheduler is not scheduler
    soon = datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert all(job.next_run_time <= soon for job in daemon.jobs.scheduler.get_jobs())


def test_after_the_clock_was_set_back_a_leader_that_was_killed_is_not_waited_for(daemon):
    name = [sys.executable, "-c", "from monitor.owner import owner_name; print(owner_name())"]
    killed = subprocess.run(name, capture_output=True, text=True, check=True).stdout.strip()
    with daemon.store.session() as session:
        lead(session, killed, timedelta(hours=2))
    daemon.tick()
    assert daemon.work is not None


def test_a_schedule_is_a_duration_or_a_cron_line_in_utc():
    now = datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert trigger_of("6h").interval == timedelta(hours=6)
    assert trigger_of("15 */6 * * *").get_next_fire_time(None, now) == datetime(2024, 5, 1, 12, 15, tzinfo=UTC)


def test_a_job_that_failed_runs_again_soon_and_one_that_went_well_waits_for_its_turn(daemon):
    def fail() -> None:
        raise CatalogUnavailable("no answer")

    daemon.jobs.start({"fails": Job(fail, "6h"), "works": Job(lambda: None, "6h")})
    while daemon.jobs.unfinished:
        time.sleep(0.05)
    left = {job.id: job.next_run_time - datetime.now(UTC) for job in daemon.jobs.scheduler.get_jobs()}
    assert left["fails"] < timedelta(minutes=6)
    assert left["works"] > timedelta(hours=5)
    assert daemon.ready() == ["fails: no answer"]
    daemon.jobs.stop()


def test_the_url_of_a_channel_may_come_from_the_environment(tmp_path, tiny, monkeypatch):
    monkeypatch.setenv("MONITOR_CHANNELS__OPS__URL", "json://elsewhere/")
    config = write_config(tmp_path, tiny, "sqlite:///monitor.db", channels={"ops": {"per_hour": 3}}, notify=["ops"])
    channel = load_settings(config).channels["ops"]
    assert (channel.url.get_secret_value(), channel.per_hour) == ("json://elsewhere/", 3)
    assert "elsewhere" not in repr(channel)
