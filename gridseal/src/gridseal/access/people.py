"""Who may do what inside a route: the guard has let them in, the route needs their name."""

from collections.abc import Callable

from fastapi import HTTPException, Request

from gridseal.access.authenticate import Development
from gridseal.access.principal import AccessDeniedError, Principal, Role


def require_role(role: Role) -> Callable[[Request], Principal]:
    """A dependency of a route: the principal who asks, if the role is theirs; else 401 or 403."""

    def check(request: Request) -> Principal:
        principal = principal_of(request)
        if not principal.may(role):
            raise HTTPException(403, f"this needs the role {role}")
        return principal

    return check


def principal_of(request: Request) -> Principal:
    """Who asks, as the guard found; without a guard the application is on this machine alone."""
    state = request.scope.get("state", {})
    if state.get("guarded"):
        principal: Principal | None = state["principal"]
        if principal is None:
            raise HTTPException(401, "nobody is signed in", {"WWW-Authenticate": "Bearer"})
        return principal
    try:
        return Development("demo").now(request)
    except AccessDeniedError as error:
        raise HTTPException(error.status, error.detail) from error
