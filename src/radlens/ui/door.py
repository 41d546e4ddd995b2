"""Where the server leaves the open site for the pages, which Streamlit runs on its own."""

import logging
from dataclasses import dataclass
from typing import Protocol

from radlens.domain.access import Access
from radlens.domain.account import Caller
from radlens.domain.errors import RadLensError, Unavailable
from radlens.ports import Site
from radlens.settings import Settings
from radlens.ui.spoken import say

log = logging.getLogger("radlens.ui")


class Asked(Protocol):
    """Who is in front of the page; ``active`` where the page runs because somebody did something.

    Raises NotSignedIn where the session has ended.
    """

    def __call__(self, *, active: bool) -> Caller: ...


@dataclass(frozen=True)
class Entrance:
    """How the pages learn who asks, and which of them may see which page."""

    access: Access
    asked: Asked
    demo: bool = False


@dataclass(frozen=True)
class _Opened:
    site: Site
    settings: Settings
    entrance: Entrance


_opened: _Opened | None = None


def enter(site: Site, settings: Settings, entrance: Entrance) -> None:
    """Let the pages of this process work on a site."""
    global _opened
    _opened = _Opened(site, settings, entrance)


def leave() -> None:
    """Take the site away from the pages."""
    global _opened
    _opened = None


def site() -> Site:
    """The site of this process; raises Unavailable where the server has not opened one."""
    return _require().site


def site_name() -> str:
    """What the operator calls this site."""
    return _require().settings.site_name


def settings() -> Settings:
    """The settings of this process; they may hold secrets, so a page shows what it knows only."""
    return _require().settings


def caller(*, active: bool = False) -> Caller:
    """Who is in front of this page, as the accounts say now; raises NotSignedIn."""
    return _require().entrance.asked(active=active)


def may_see(caller: Caller, page: str) -> bool:
    """Whether the table of access shows somebody a page, by its address."""
    row = _require().entrance.access.pages.get(page)
    return row is not None and caller.may(row.roles)


def may_get(path: str) -> bool:
    """Whether the table of access lets who is in front of this page open an address."""
    return caller().may(_require().entrance.access.route("GET", path).roles)


def demo() -> bool:
    """Whether everybody at this machine is let in."""
    return _require().entrance.demo


def unexpected(error: BaseException) -> bool:
    """Log what nobody foresaw and show a sentence in its place; True: Streamlit shows no more."""
    log.error("A page failed", exc_info=error)
    say(
        error
        if isinstance(error, RadLensError)
        else Unavailable(
            "Something unexpected happened on this page; the server's log has the details.",
            hint="Load the page again. What is on record stays on record.",
        )
    )
    return True


def _require() -> _Opened:
    if _opened is None:
        raise Unavailable(
            "The pages were started without a site.", hint="Start RadLens with `radlens serve`."
        )
    return _opened
