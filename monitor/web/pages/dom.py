"""Plain HTML elements on NiceGUI. Text and attributes go through Vue, which escapes them; there is no raw HTML."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from monitor.web.pages import words

Handler = Callable[..., Any]


def tag(name: str, classes: str = "", text: str | None = None, **attributes: Any) -> Element:
    """An element inside the one that is open; ``aria_label="x"`` becomes the attribute aria-label, None is left out."""
    element = Element(name) if text is None else TextElement(tag=name, text=text)
    if classes:
        element.classes(classes)
    for key, value in attributes.items():
        if value is not None:
            element.props[key.rstrip("_").replace("_", "-")] = value
    return element


def heading(level: int, text: str, classes: str = "") -> Element:
    """A heading."""
    return tag(f"h{level}", classes, text)


def link(text: str, href: str, classes: str = "", **attributes: Any) -> Element:
    """A link within the pages."""
    return tag("a", classes, text, href=href, **attributes)


def button(
    text: str,
    on_click: Handler | None = None,
    *,
    classes: str = "",
    key: str | None = None,
    icon: str | None = None,
    **attributes: Any,
) -> Element:
    """A button; `key` is the key that does the same, `icon` one of the bundled Material icons."""
    element = tag("button", f"button {classes}", type="button", **attributes)
    with element:
        if icon:
            ui.icon(icon)
        if text:
            tag("span", text=text)
        if key:
            tag("kbd", text=key, aria_hidden="true")
    if on_click:
        element.on("click", on_click)
    return element


def select(
    label: str, options: Mapping[str, str], value: str, on_change: Callable[[str], Any] | None = None, **attributes: Any
) -> Element:
    """A native choice with its label; `options` are texts by value."""
    with tag("div", "field"):
        naming = tag("label", text=label)
        element = tag("select", "input", **attributes)
        naming.props["for"] = element.html_id
        with element:
            for key, text in options.items():
                tag("option", text=text, value=key, selected=True if key == value else None)
        if on_change:
            element.on("change", lambda event: on_change(str(event.args)), js_handler=VALUE)
    return element


def text_field(
    label: str, value: str, on_change: Callable[[str], Any] | None = None, *, type_: str = "text", **attributes: Any
) -> Element:
    """A native input with its label, which says what it holds when it is left."""
    with tag("div", "field"):
        naming = tag("label", text=label)
        element = tag("input", "input", type=type_, value=value, **attributes)
        naming.props["for"] = element.html_id
        if on_change:
            element.on("change", lambda event: on_change(str(event.args)), js_handler=VALUE)
    return element


VALUE = "(event) => emit(event.target.value)"


def moment(value: datetime, text: str | None = None) -> Element:
    """A time in UTC; the script of the pages says the local one on hover and focus."""
    utc = value.astimezone(UTC)
    return tag("time", "", text or words.minute(utc), datetime=f"{utc:%Y-%m-%dT%H:%M:%SZ}", tabindex="-1")


def prose(text: str, classes: str = "") -> Element:
    """A paragraph; what stands between backticks is code."""
    paragraph = tag("p", classes)
    with paragraph:
        for number, part in enumerate(text.split("`")):
            if part:
                tag("code" if number % 2 else "span", text=part)
    return paragraph


def facts(pairs: Iterable[tuple[str, str]], classes: str = "figures") -> None:
    """Names and values side by side."""
    with tag("dl", classes):
        for name, value in pairs:
            with tag("div"):
                tag("dt", text=name)
                tag("dd", text=value)


def table(caption: str, columns: Iterable[str]) -> Element:
    """An open table body; cells are added with `cells`. The caption is for screen readers."""
    with tag("div", "table-wrap", tabindex="0", role="region", aria_label=caption), tag("table", "table"):
        tag("caption", "visually-hidden", caption)
        with tag("thead"), tag("tr"):
            for name in columns:
                tag("th", "right" if name.endswith(" ") else "", name.strip(), scope="col")
        return tag("tbody")


def cells(*texts: str, right: Iterable[int] = ()) -> None:
    """Cells of an open row; those numbered in `right` are figures."""
    for number, text in enumerate(texts):
        tag("td", "right" if number in set(right) else "", text)
