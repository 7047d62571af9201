from datetime import UTC, datetime, timedelta

from monitor.web.pages import words


def test_how_long_ago_is_said_in_the_largest_unit():
    now = datetime(2026, 1, 10, tzinfo=UTC)
    spans = (timedelta(seconds=20), timedelta(minutes=5), timedelta(hours=7), timedelta(days=3, hours=2))
    assert [words.ago(now - span, now) for span in spans] == ["just now", "5 min ago", "7 h ago", "3 d ago"]
