"""The review pages for everybody: by assistive technology, on a phone, with little rights."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from monitor.store import access, open_store
from monitor.store.alerts import AlertFilter, list_alerts
from monitor.store.scenes import find_scene
from monitor.store.severity import Severity
from tests.browser import Site, Visit, copy_of, served

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def paths(site: Site, series) -> list[str]:
    """The address of one page of every kind."""
    with site.store.session(read_only=True) as session:
        alert = list_alerts(session, AlertFilter(min_severity=Severity.MEDIUM), limit=1)[0]
        scene = find_scene(session, series.scene_ids[-1])
    return ["/inbox", f"/alerts/{alert.id}", "/scenes", f"/scenes/{scene.pk}", "/models", "/status"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Visit, paths: list[str], scheme):
    axe = Axe()
    for path in paths:
        page = visit(path, color_scheme=scheme)
        found = axe.run(page).response["violations"]
        serious = {
            rule["id"]: [node["html"][:200] + node["failureSummary"] for node in rule["nodes"][:3]]
            for rule in found
            if rule["impact"] in SERIOUS
        }
        assert serious == {}, path
        page.close()


def test_a_phone_shows_every_page_without_scrolling_sideways(visit: Visit, paths: list[str]):
    for path in paths:
        page = visit(path, has_touch=True)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        expect(page.get_by_role("navigation", name="Sections")).to_be_visible()
        page.close()


def test_the_chosen_theme_stays(visit: Visit):
    page = visit("/status", color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_everything_is_reached_by_tab(visit: Visit):
    page = visit("/inbox")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


@pytest.fixture(scope="module")
def guarded(scanned, tmp_path_factory) -> Iterator[tuple[Site, str]]:
    """A server that asks everybody who they are, and the token of a viewer."""
    config = copy_of(scanned, tmp_path_factory.mktemp("guarded") / "project")
    with open_store(f"sqlite:///{config.with_name('monitor.db')}") as store, store.session() as session:
        token = access.create_token(session, "vera", "viewer")
    with served(config, MONITOR_WEB__AUTH__ALWAYS="true") as running:
        yield running, token


def test_a_viewer_sees_no_button_that_changes_anything_and_the_server_refuses(
    guarded: tuple[Site, str], chromium: Browser
):
    site, token = guarded
    with site.store.session(read_only=True) as session:
        alert = list_alerts(session, limit=1)[0]
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{site.url}/inbox")
        page.get_by_label("Access token").fill(token)
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{site.url}/inbox")
        expect(page.get_by_text("vera, viewer")).to_be_visible()
        page.wait_for_function("window.did_handshake")
        expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
        page.evaluate(f"emitEvent('review', {{ action: 'confirm', ids: [{alert.id}] }})")
        page.keyboard.press("j")
        page.keyboard.press("c")
        for path, label in (("/models", "Fit another version"), ("/status", "Try again"), ("/alerts/1", "Add comment")):
            page.goto(site.url + path)
            page.wait_for_selector(".page h1")
            expect(page.get_by_text(label)).to_have_count(0)
    with site.store.session(read_only=True) as session:
        assert list_alerts(session, limit=1)[0].state is alert.state
