"""What every answer tells the browser to allow, and what not."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: forms of our own pages would then say that they come from nowhere.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Streamlit writes styles and one script into its page, and loads components from blobs; Vega
# compiles its charts.
PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
SYSTEMS = "default-src 'none'; frame-ancestors 'none'"
# What holds nothing of anybody may be kept by browsers.
KEPT = ("/static/", "/fonts/", "/component/")


def guarded(scope: Scope, send: Send) -> Send:
    """Answers as they come, with the headers that every one of them has."""
    path: str = scope["path"]

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]  # no other site's page may read anything
            for name, value in ALWAYS.items():
                headers[name] = value
            policy = SYSTEMS if path.startswith("/api/") else PAGES
            headers.setdefault("Content-Security-Policy", policy)
            if scope["scheme"] == "https":
                headers["Strict-Transport-Security"] = "max-age=31536000"
            if not path.startswith(KEPT):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return send_guarded
