"""The HTML in which every page begins: the engine's own, with the theme chosen before it runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

FIRST = "<script"


def shell() -> str:
    """The engine's page with one script before all of its own."""
    own = (Path(get_static_dir()) / "index.html").read_text(encoding="utf-8")
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return own.replace(FIRST, f"<script>{script}</script>\n    {FIRST}", 1)


@dataclass(frozen=True)
class Shell:
    """An ASGI application that answers for the addresses of pages; another one has the rest."""

    app: ASGIApp
    addresses: Iterable[str]
    html: str = field(default_factory=shell)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].strip("/") in {"", *self.addresses}:
            return await HTMLResponse(self.html)(scope, receive, send)
        return await self.app(scope, receive, send)
