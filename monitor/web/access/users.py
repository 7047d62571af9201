"""People and programs that use the server, and what their roles allow."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from monitor.errors import Forbidden


class Role(IntEnum):
    """What somebody may do; each includes those before it."""

    VIEWER = 1
    """Look at everything."""
    REVIEWER = 2
    """Change the state of alerts, and comment on them."""
    ADMIN = 3
    """Fit and activate references, put scenes back into the queue."""

    @property
    def label(self) -> str:
        """As people and config.yaml write it."""
        return self.name.lower()


@dataclass(frozen=True)
class User:
    """Somebody who was let in; `name` is the author of what they change."""

    name: str
    role: Role

    def require(self, role: Role) -> None:
        """Forbidden unless the user has that role or a higher one."""
        if self.role < role:
            raise Forbidden(f"{self.name} is {self.role.label}; this needs a {role.label}")


LOCAL = User("local", Role.ADMIN)
"""Whoever asks a server that listens on this machine only."""


def current_user(connection: HTTPConnection) -> User:
    """Who asks; the guard has let them in and set it."""
    user: User = connection.state.user
    return user


CurrentUser = Annotated[User, Depends(current_user)]
