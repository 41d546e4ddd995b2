"""Where the server leaves the open site for the pages, which Streamlit runs on its own."""

import logging
from dataclasses import dataclass

from radlens.domain.audit import Actor
from radlens.domain.errors import RadLensError, Unavailable
from radlens.ports import Site
from radlens.settings import Settings
from radlens.ui.spoken import say

log = logging.getLogger("radlens.ui")

# Until accounts exist, whoever reaches the loopback address is the local user.
READER = Actor("local user", "page")


@dataclass(frozen=True)
class _Opened:
    site: Site
    settings: Settings


_opened: _Opened | None = None


def enter(site: Site, settings: Settings) -> None:
    """Let the pages of this process work on a site."""
    global _opened
    _opened = _Opened(site, settings)


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
