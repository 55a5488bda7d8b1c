"""Who may do what over REST. In development mode everybody on this machine may do everything."""

from collections.abc import Callable
from typing import Final, Literal

from fastapi import HTTPException, Request

from gridseal.runtime.settings import LOOPBACK
from gridseal.wire.fields import Message

Role = Literal["viewer", "operator"]
ALL_ROLES: Final[tuple[Role, ...]] = ("viewer", "operator")
LOCAL: Final = "local"
"""Name of whoever acts where there is no login."""


class Person(Message):
    """Who asks."""

    name: str
    roles: tuple[Role, ...]


def require_role(role: Role) -> Callable[[Request], Person]:
    """A dependency of a route: the person who asks, if the role is theirs; else 403."""

    def check(request: Request) -> Person:
        person = _person(request)
        if role not in person.roles:
            raise HTTPException(403, f"this needs the role {role}")
        return person

    return check


def _person(request: Request) -> Person:
    # GRIDSEAL_AUTH knows only `dev`, and then the service listens on loopback alone: there is no login to ask yet.
    host = request.client.host if request.client is not None else ""
    return Person(name=LOCAL, roles=ALL_ROLES if host in LOOPBACK else ())
