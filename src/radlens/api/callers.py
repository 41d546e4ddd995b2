"""Who asks: what the gatekeeper wrote into the request."""

from typing import Annotated

from fastapi import Depends, Request

from radlens.domain.account import Caller
from radlens.domain.errors import NotSignedIn

CALLER = "radlens.caller"


def caller(request: Request) -> Caller:
    """The caller of a request; raises NotSignedIn where no gatekeeper let it in."""
    found: Caller | None = request.scope.get(CALLER)
    if found is None:
        raise NotSignedIn("Nobody is signed in.")
    return found


Asking = Annotated[Caller, Depends(caller)]
