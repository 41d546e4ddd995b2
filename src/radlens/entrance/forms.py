"""Forms of a few fields: what they send, and what they have in common."""

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request

from radlens.domain.errors import BadInput, TooLarge
from radlens.domain.password import SHORTEST
from radlens.entrance.look import text_field

MOST_BYTES = 16 * 1024
Fields = Mapping[str, str]


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form; raises TooLarge where it is no form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise TooLarge("The form is too large.")
    sent = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in sent.items()}


def fresh_password() -> str:
    """The fields for a new password, typed twice."""
    rule = f'minlength="{SHORTEST}" aria-describedby="long"'
    fresh = {"kind": "password", "fills": "new-password"}
    return (
        f"{text_field('Password', 'password', more=rule, **fresh)}"
        f'<p id="long">At least {SHORTEST} characters; a few words are good.</p>'
        f"{text_field('Password again', 'again', **fresh)}"
    )


def typed_first(fields: Fields) -> str:
    """The attributes of the field that is typed into first, with what was typed before."""
    return f'value="{escape(fields.get("name", ""), quote=True)}" autofocus'


def require_same(fields: Fields) -> None:
    """Raise BadInput where two passwords differ that should be the same."""
    if fields.get("password") != fields.get("again"):
        raise BadInput("The two passwords differ.", hint="Type the same twice.")
