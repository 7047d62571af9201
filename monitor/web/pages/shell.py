"""The frame of every page: bar, navigation, theme, who is here; and blocking work off the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from sqlalchemy.orm import Session

from monitor.web.access.identity import identify
from monitor.web.access.policy import LOGOUT
from monitor.web.access.users import LOCAL, Role, User, current_user
from monitor.web.pages.dom import button, heading, link, tag
from monitor.web.services import Services, services_of

T = TypeVar("T")

SECTIONS = (
    ("/inbox", "Inbox", "inbox"),
    ("/scenes", "Scenes", "satellite_alt"),
    ("/models", "Models", "hub"),
    ("/status", "Status", "monitor_heart"),
)


@dataclass(frozen=True)
class Visit:
    """Who looks at a page, and what the page works with."""

    user: User
    services: Services
    request: Request

    def may(self, role: Role) -> bool:
        """Whether the visitor has that role or a higher one."""
        return self.user.role >= role

    async def ask(self, question: Callable[[Session], T]) -> T:
        """An answer from the database, read in a thread."""
        return await asyncio.to_thread(self.read, question)

    def read(self, question: Callable[[Session], T]) -> T:
        """An answer from the database, here and now."""
        with self.services.store.session(read_only=True) as session:
            return question(session)

    async def change(self, role: Role, deed: Callable[[Session], T]) -> T:
        """Change the database in one transaction, in a thread; raises as `require`."""

        def work() -> T:
            self.require(role)
            with self.services.store.session() as session:
                return deed(session)

        return await asyncio.to_thread(work)

    def require(self, role: Role) -> None:
        """Forbidden below that role, LoginRequired when the log-in has ended since the page was opened."""
        services = self.services
        identify(self.request, services.settings, services.store).user.require(role)


def visit_of(request: Request) -> Visit:
    """The visit behind a request."""
    return Visit(current_user(request), services_of(request), request)


@contextmanager
def frame(visit: Visit, title: str, section: str) -> Iterator[Element]:
    """A page with its bar; the block fills the main part."""
    ui.page_title(f"{title} · Landsat monitor")
    with ui.context.client.layout:
        bar(visit, section).move(target_index=0)
        tag("a", "skip", "Skip to the content", href="#main").move(target_index=0)
    with tag("div", "page", id="main", tabindex="-1") as main:
        yield main


def bar(visit: Visit, section: str) -> Element:
    """Where one can go, and who is here; beside the main part, not in it."""
    with tag("header", "bar") as header:
        brand()
        with tag("nav", "nav", aria_label="Sections"):
            for href, name, icon in SECTIONS:
                with tag("a", href=href, aria_current="page" if href == section else None):
                    ui.icon(icon).props["aria-hidden"] = "true"
                    tag("span", text=name)
        with tag("div", "bar-end"):
            tag("span", "who", f"{visit.user.name}, {visit.user.role.label}")
            if visit.user != LOCAL:
                with tag("form", "plain", method="post", action=LOGOUT):
                    tag("button", "button quiet", "Log out", type="submit")
            button("", classes="quiet square", icon="contrast", data_switch_theme="", aria_label="Light or dark")
    return header


def brand() -> None:
    """Name and sign: a field that moved against where it was."""
    with tag("a", "brand", href="/inbox"):
        with tag("svg", viewBox="0 0 24 24", aria_hidden="true"):
            tag(
                "rect",
                x="2",
                y="6",
                width="14",
                height="14",
                rx="2",
                fill="none",
                stroke="currentColor",
                stroke_width="2",
            )
            tag("rect", x="8", y="3", width="14", height="14", rx="2", fill="var(--anomaly)", opacity="0.9")
        tag("span", text="Landsat monitor")


def page_head(title: str, about: str = "") -> Element:
    """Title and one line under it; what follows in the block stands to the right."""
    head = tag("div", "page-head")
    with head, tag("div"):
        heading(1, title)
        if about:
            tag("p", text=about)
    return head


def back(href: str, text: str) -> None:
    """Where this page belongs."""
    with tag("div", "crumbs"):
        link(f"← {text}", href)


def trouble(message: str) -> None:
    """Something that went wrong, for the reader to act on."""
    tag("div", "note bad", message, role="alert")


def tell(message: str) -> None:
    """A short message in the corner, read out by screen readers."""
    ui.notify(message, position="bottom-left", timeout=6000)
