"""The journeys of the review pages, in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from monitor.detection.result import Kind
from monitor.store import queue
from monitor.store.alerts import AlertFilter, get_alert, list_alerts
from monitor.store.inbox import InboxFilter, inbox
from monitor.store.monitors import find_monitor
from monitor.store.references import active_reference
from monitor.store.scenes import find_scene, get_scene, list_scenes
from monitor.store.tables import AlertState, SceneState
from monitor.store.tracking import add_event, change_state, events_of
from tests.browser import Site, Visit

SLOW_MS = 90_000


@pytest.fixture
def waiting(site: Site) -> list[int]:
    """Alerts that wait for review, in the order of the inbox; at least twelve."""
    with site.store.session() as session:
        for alert in list_alerts(session, AlertFilter(states=(AlertState.RESOLVED, AlertState.DISMISSED))):
            change_state(session, alert.id, AlertState.NEW)
        for alert in list_alerts(session, AlertFilter(states=(AlertState.CONFIRMED, AlertState.ACKNOWLEDGED))):
            change_state(session, alert.id, AlertState.NEW)
        groups = inbox(session, InboxFilter(), limit=100).groups
    found = [alert.id for group in groups for alert in group.alerts]
    assert len(found) >= 12
    return found


def states(site: Site, alert_ids: list[int]) -> list[str]:
    with site.store.session(read_only=True) as session:
        return [str(get_alert(session, alert_id).state) for alert_id in alert_ids]


def row(page: Page, alert_id: int):
    return page.locator(f'[data-alert="{alert_id}"]')


def test_ten_alerts_are_triaged_by_keyboard(visit: Visit, site: Site, waiting: list[int]):
    page = visit("/inbox")
    page.keyboard.press("j")
    for number, alert_id in enumerate(waiting[:10]):
        expect(row(page, alert_id)).to_have_attribute("data-current", "")
        page.keyboard.press("c" if number % 2 else "d")
        if not number % 2:
            page.keyboard.press("1")
    expect(row(page, waiting[9]).locator(".chip.confirmed")).to_be_visible()
    expect(row(page, waiting[10])).to_be_focused()
    assert states(site, waiting[:10]) == ["dismissed", "confirmed"] * 5
    page.reload()
    expect(row(page, waiting[10])).to_be_visible()
    expect(row(page, waiting[0])).to_have_count(0)


def test_a_dismissal_has_a_reason_and_is_taken_back(visit: Visit, site: Site, waiting: list[int]):
    page = visit("/inbox")
    one = row(page, waiting[0])
    one.get_by_role("button", name=f"Dismiss alert {waiting[0]}").click()
    dialog = page.get_by_role("dialog", name="Why is it dismissed?")
    dialog.get_by_label("Note").fill("a harvest, <b>surely</b>")
    dialog.get_by_role("button", name="Season").click()
    expect(one.locator(".chip.dismissed")).to_be_visible()
    with site.store.session(read_only=True) as session:
        last = events_of(session, waiting[0])[-1]
    assert (last.author, last.note) == ("local", "season: a harvest, <b>surely</b>")
    page.keyboard.press("u")
    expect(one.locator(".chip.new")).to_be_visible()
    assert states(site, waiting[:1]) == ["new"]
    page.keyboard.press("u")
    expect(page.get_by_text("Nothing to take back on this page")).to_be_visible()


def test_many_are_selected_decided_and_taken_back_at_once(visit: Visit, site: Site, waiting: list[int]):
    page = visit("/inbox")
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.keyboard.press("c")
    expect(row(page, waiting[2]).locator(".chip.confirmed")).to_be_visible()
    assert states(site, waiting[:4]) == ["confirmed", "confirmed", "confirmed", "new"]
    page.keyboard.press("u")
    expect(row(page, waiting[2]).locator(".chip.new")).to_be_visible()
    assert states(site, waiting[:3]) == ["new"] * 3


def test_a_filter_is_in_the_address_and_can_be_shared(visit: Visit, waiting: list[int]):
    page = visit("/inbox")
    page.get_by_label("Kind").select_option("cloud")
    expect(page).to_have_url(re.compile("kind=cloud"))
    expect(page.locator("[data-alert] .kind.anomaly")).to_have_count(0)
    shown = page.locator("[data-alert]").count()
    other = visit(page.url.removeprefix(page.url.split("/inbox")[0]))
    expect(other.get_by_label("Kind")).to_have_value("cloud")
    expect(other.locator("[data-alert]")).to_have_count(shown)
    page.go_back()
    expect(page.locator("[data-alert] .kind.anomaly").first).to_be_visible()


def test_opening_an_alert_does_not_mark_it(visit: Visit, site: Site, waiting: list[int]):
    page = visit("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/alerts/{waiting[0]}"))
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"/alerts/{waiting[1]}"))
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    assert states(site, waiting[:2]) == ["new", "new"]
    page.wait_for_function("window.did_handshake")
    page.keyboard.press("c")
    expect(page.locator(".chip.confirmed")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(".chip.new")).to_be_visible()


def largest_anomaly(site: Site) -> int:
    with site.store.session(read_only=True) as session:
        return max(list_alerts(session, AlertFilter(kinds=(Kind.ANOMALY,))), key=lambda alert: alert.area_m2).id


def test_before_and_after_are_compared_with_the_swipe(visit: Visit, site: Site):
    page = visit(f"/alerts/{largest_anomaly(site)}")
    pictures = "[...document.querySelectorAll('.leaflet-image-layer')]"
    page.wait_for_function(f"{pictures}.filter(each => each.complete && each.naturalWidth > 100).length == 2")
    clip = "getComputedStyle(document.querySelector('.leaflet-before-pane')).clipPath"
    middle = page.evaluate(clip)
    page.get_by_role("slider", name="Swipe between before and after").press("ArrowRight")
    moved = page.evaluate(clip)
    assert moved.startswith("polygon(")
    assert moved != middle
    grip = page.locator(".swipe-grip").bounding_box()
    assert grip is not None
    page.mouse.move(grip["x"] + 18, grip["y"] + 18)
    page.mouse.down()
    page.mouse.move(grip["x"] - 120, grip["y"] + 18)
    page.mouse.up()
    assert float(page.get_by_role("slider").input_value()) < 45
    for name in ("Clouds, shadows, anomalies", "Labels of both", "Misaligned borders"):
        page.get_by_label(name).check()
    expect(page.locator(".leaflet-image-layer")).to_have_count(6)
    expect(page.locator(".leaflet-outline-pane path")).not_to_have_count(0)
    page.get_by_label("Outline").uncheck()
    expect(page.locator(".leaflet-outline-pane path")).to_have_count(0)
    expect(page.get_by_text("here, after").first).to_be_attached(timeout=SLOW_MS)


def test_a_comment_joins_the_events_of_an_alert(visit: Visit, site: Site):
    page = visit(f"/alerts/{largest_anomaly(site)}")
    page.get_by_role("textbox", name="Comment").fill("called the ranger <script>alert(1)</script>")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".events").get_by_text("called the ranger <script>alert(1)</script>")).to_be_visible()


def test_a_quarantined_scene_gets_another_try(visit: Visit, site: Site):
    reason = "band red <img src=x onerror=alert(1)> is not a readable raster"
    with site.store.session() as session:
        scene = list_scenes(session)[0]
        queue.mark_quarantined(session, scene.pk, reason)
    page = visit("/status")
    expect(page.get_by_text(reason)).to_be_visible()
    page.get_by_role("button", name=f"Try {scene.scene_id} again").click()
    expect(page.get_by_text("is in the queue again")).to_be_visible()
    with site.store.session(read_only=True) as session:
        assert get_scene(session, scene.pk).state is SceneState.DISCOVERED


def test_another_reference_is_fitted_and_the_former_one_comes_back(visit: Visit, site: Site, series):
    page = visit("/models")
    page.get_by_text("Fit another version").click()
    page.get_by_label("Clear scene").select_option(series.reference_id)
    page.get_by_label("Labels").select_option("4")
    page.get_by_role("button", name="Fit and activate").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("Version 2 is fitted and active")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Activate version 1").click()
    expect(page.get_by_role("button", name="Activate version 2")).to_be_visible()
    with site.store.session(read_only=True) as session:
        active = active_reference(session, find_monitor(session, "lake"))
    assert active is not None
    assert active.version == 1


def test_a_scene_is_shown_in_any_three_bands_with_its_labels_and_its_choice_of_k(visit: Visit, site: Site, series):
    with site.store.session(read_only=True) as session:
        scene = find_scene(session, series.scene_ids[-1])
    page = visit("/scenes")
    page.get_by_role("link", name=scene.scene_id).click()
    page.wait_for_function("window.did_handshake")
    page.get_by_label("Red", exact=True).select_option("nir08")
    expect(page.locator('img[src*="bands=nir08"]')).to_have_count(2)
    expect(page.get_by_role("heading", name="Choice of k")).to_be_visible()
    expect(page.get_by_role("region", name="Legend of the label map")).to_be_visible()
    expect(page.get_by_role("region", name="Mean and standard deviation")).to_be_visible()
    page.get_by_text("Quantiles and unique values").click()
    spreads = page.get_by_role("table", name="Quantiles and number of unique values")
    expect(spreads.get_by_role("columnheader", name="Median")).to_be_visible()
    assert spreads.get_by_role("row").count() > 1


def test_times_are_utc_and_say_the_local_one(visit: Visit):
    page = visit("/scenes", timezone_id="America/Toronto")
    first = page.locator("table time").first
    expect(first).to_contain_text("UTC")
    first.hover()
    expect(first).to_have_attribute("title", re.compile("America/Toronto"))


def test_an_event_by_somebody_else_shows_on_the_alert(visit: Visit, site: Site):
    alert_id = largest_anomaly(site)
    with site.store.session() as session:
        add_event(session, alert_id, "comment", author="ana", note="seen from the road")
    page = visit(f"/alerts/{alert_id}")
    expect(page.locator(".events").get_by_text("Comment by ana")).to_be_visible()
