"""Pages that need neither a script nor a session, in the look of the others."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse

from radlens.ui.theme import ICON

HERE = Path(__file__).parent


def page(title: str, body: str, code: int = 200) -> HTMLResponse:
    """A page with one card; ``body`` is HTML."""
    content = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - RadLens</title><link rel="icon" href="{_icon()}">'
        f"<style>{_css()}</style></head><body><main>"
        f'<p class="mark"><img src="{_icon()}" alt="">RadLens</p>'
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(content, code, {"Content-Security-Policy": _policy()})


def alert(message: str, hint: str = "") -> str:
    """What went wrong, said before anything else."""
    return f'<p role="alert" id="wrong">{escape(message)} {escape(hint)}</p>'


def text_field(label: str, name: str, *, kind: str = "text", fills: str, more: str = "") -> str:
    """One labelled field; ``fills`` is what a browser may offer, ``more`` further attributes."""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{fills}" required '
        f'autocapitalize="none" spellcheck="false" {more}></div>'
    )


@cache
def _css() -> str:
    return (HERE / "look.css").read_text(encoding="utf-8")


@cache
def _icon() -> str:
    return "data:image/png;base64," + b64encode(ICON.read_bytes()).decode()


@cache
def _policy() -> str:
    """Nothing runs here, and one style sheet is known by its digest."""
    digest = b64encode(sha256(_css().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
