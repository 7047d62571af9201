"""The review pages for everybody: by assistive technology, on a phone, with little rights."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from monitor.store import access, open_store
from monitor.store.alerts import AlertFilter, get_alert, list_alerts
from monitor.store.scenes import find_scene
from monitor.store.severity import Severity
from monitor.store.tables import AlertState
from tests.browser import Site, Visit, copy_of, served

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
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


def test_a_chart_that_has_not_seen_the_phone_turn_does_not_widen_the_page(visit: Visit):
    page = visit("/scenes", has_touch=True)
    page.wait_for_selector(".chart svg")
    page.add_style_tag(content=".chart > div, .chart svg { width: 1000px !important }")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


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
def guarded(scanned, tmp_path_factory) -> Iterator[tuple[Site, dict[str, str]]]:
    """A server that asks everybody who they are, and the tokens of a viewer and a reviewer."""
    config = copy_of(scanned, tmp_path_factory.mktemp("guarded") / "project")
    with open_store(f"sqlite:///{config.with_name('monitor.db')}") as store, store.session() as session:
        tokens = {role: access.create_token(session, role, role) for role in ("viewer", "reviewer")}
    with served(config, MONITOR_WEB__AUTH__ALWAYS="true") as running:
        yield running, tokens


def log_in(page: Page, url: str, token: str) -> None:
    """To the inbox, with that token."""
    page.goto(f"{url}/login?following=/inbox")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("[data-alert]")
    page.wait_for_function("window.did_handshake")


def state_of(site: Site, alert_id: int) -> AlertState:
    with site.store.session(read_only=True) as session:
        return get_alert(session, alert_id).state


def test_a_viewer_sees_no_button_that_changes_anything_and_the_server_refuses(guarded, chromium: Browser):
    site, tokens = guarded
    with chromium.new_context() as context:
        page = context.new_page()
        log_in(page, site.url, tokens["viewer"])
        expect(page.get_by_text("viewer, viewer")).to_be_visible()
        expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
        first = int(page.locator("[data-alert]").first.get_attribute("data-alert") or 0)
        before = state_of(site, first)
        page.evaluate(f"emitEvent('review', {{ action: 'confirm', ids: [{first}] }})")
        page.keyboard.press("j")
        page.keyboard.press("c")
        for path, label in (("/models", "Fit another version"), ("/status", "Try again"), ("/alerts/1", "Add comment")):
            page.goto(site.url + path)
            page.wait_for_selector(".page h1")
            expect(page.get_by_text(label)).to_have_count(0)
    assert state_of(site, first) is before


def test_a_reviewer_decides_until_the_log_in_ends(guarded, chromium: Browser):
    site, tokens = guarded
    with chromium.new_context() as context:
        page = context.new_page()
        log_in(page, site.url, tokens["reviewer"])
        rows = page.locator("[data-alert]")
        first, second = (int(rows.nth(number).get_attribute("data-alert") or 0) for number in (0, 1))
        before = state_of(site, second)
        page.keyboard.press("j")
        page.keyboard.press("c")
        expect(page.get_by_text("1 alert confirmed")).to_be_visible()
        assert state_of(site, first) is AlertState.CONFIRMED
        context.request.post(f"{site.url}/logout", headers={"Origin": site.url})
        page.keyboard.press("d")
        page.keyboard.press("1")
        expect(page.get_by_text("log in at /login")).to_be_visible()
    assert state_of(site, second) is before
