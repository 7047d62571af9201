"""Dialogs of the reviewing pages: native ones, opened and closed by the script of the pages."""

from monitor.store.lifecycle import Reason
from monitor.web.pages.dom import button, heading, tag

REASONS = {
    Reason.CLOUD: "Cloud or shadow after all",
    Reason.SEASON: "Season: harvest, snow, low water",
    Reason.SENSOR: "Sensor or processing",
    Reason.NOT_INTERESTING: "Real, but not interesting",
    Reason.WRONG: "Nothing there",
}

KEYS = (
    ("j  k", "next, previous alert, in the list and on an alert's page"),
    ("o", "open it; opening does not mark it"),
    ("x", "select it"),
    ("shift x", "select everything from the last selected one to here"),
    ("esc", "select nothing"),
)
REVIEW_KEYS = (
    ("c", "confirm"),
    ("d", "dismiss, with a reason"),
    ("a", "acknowledge: somebody looks after it"),
    ("r", "reopen what was dismissed or resolved"),
    ("u", "take the last step back"),
)


def dismiss_dialog() -> None:
    """Asks for the reason of a dismissal; keys 1 to 5 answer."""
    with tag("dialog", "modal", data_dialog="dismiss", aria_labelledby="dismiss-title"):
        heading(2, "Why is it dismissed?").props["id"] = "dismiss-title"
        tag("p", "muted small", "1 alert", data_about="")
        with tag("div", "reasons"):
            for number, (reason, text) in enumerate(REASONS.items(), start=1):
                button(text, key=str(number), data_reason=str(reason), data_hotkey=str(number))
        with tag("div", "field"):
            naming = tag("label", text="Note (optional; write it before you choose)")
            note = tag("textarea", "input", rows="2", maxlength="2000")
            naming.props["for"] = note.html_id
        with tag("div", "line"):
            button("Cancel", classes="quiet", key="esc", data_closes="")


def help_dialog(may_review: bool) -> None:
    """The keys of the page."""
    with tag("dialog", "modal", data_dialog="help", aria_labelledby="help-title"):
        heading(2, "Keys").props["id"] = "help-title"
        with tag("dl", "keys"):
            for keys, meaning in KEYS + (REVIEW_KEYS if may_review else ()):
                with tag("dt"):
                    for key in keys.split():
                        tag("kbd", text=key)
                tag("dd", text=meaning)
        with tag("div", "line"):
            button("Close", data_closes="", key="esc")
