"""The HTML in which every page begins: the engine's own; theme and letters are there before it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

from radlens.ui import faces

FIRST = "<script"
ENGINE = re.compile(r'<script type="module" crossorigin src="(\./static/js/index\.[\w-]+\.js)">')


def shell() -> str:
    """The engine's page with our style and script before all of its own, and the engine held.

    Charts measure their names once and remember the widths for as long as a page is open, so the
    engine begins when the letters are there (``lettered``, a promise of the script).
    """
    own = (Path(get_static_dir()) / "index.html").read_text(encoding="utf-8")
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    ours = f"<style>{faces.css()}</style>\n    <script>{script}</script>\n    {FIRST}"
    return ENGINE.sub(_held, own.replace(FIRST, ours, 1))


def _held(engine: re.Match[str]) -> str:
    path = engine[1]
    return (
        f'<link rel="modulepreload" crossorigin href="{path}">\n    '
        f'<script type="module">await lettered; await import("{path}");'
    )


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
