"""Where one visitor reviews alerts on one page: orders one after another, and the steps that can be taken back."""

import asyncio

from monitor.web.access.users import Role
from monitor.web.pages import reviewing
from monitor.web.pages.reviewing import Step
from monitor.web.pages.shell import Visit


class Desk:
    """What the browser asks for is carried out in the order in which it came."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.steps: list[Step] = []
        self.turn = asyncio.Lock()

    async def review(self, args: dict[str, object]) -> Step | None:
        """Carry an order out, or take the last one back; None when there is none. Raises MonitorError."""
        async with self.turn:
            return await (self.undo() if args.get("action") == "undo" else self.act(args))

    async def act(self, args: dict[str, object]) -> Step:
        """Carry an order out, and remember it."""
        order, author = reviewing.order_of(args), self.visit.user.name
        step = await self.visit.change(Role.REVIEWER, lambda session: reviewing.carry_out(session, order, author))
        self.steps = reviewing.stack_of(self.steps, step)
        return step

    async def undo(self) -> Step | None:
        """Take the last step back; one that could not be taken back stays."""
        if not self.steps:
            return None
        last, author = self.steps[-1], self.visit.user.name
        step = await self.visit.change(Role.REVIEWER, lambda session: reviewing.take_back(session, last, author))
        self.steps.pop()
        return step
