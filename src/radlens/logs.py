"""Events on standard error: a line of JSON each, or plain text for a person at a terminal.

What foreign code says of an error, or warns of, may repeat what was sent: a failure is logged by
its kind and its place, a warning not at all.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import walk_tb
from uuid import uuid4

from radlens.domain.errors import BadSettings

FORMATS = ("auto", "json", "text")
LEVELS = ("debug", "info", "warning", "error")
# They say at INFO which addresses were asked for, with their query strings.
CHATTY = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "websockets", "streamlit", "asyncio")
# Hexadecimal and hyphens alone: what a proxy makes, and nothing that could name a patient.
WELL_FORMED = re.compile("[0-9a-fA-F-]{16,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_id(offered: str = "") -> str:
    """The offered id of a request where it is well-formed, else a new one."""
    return offered if WELL_FORMED.fullmatch(offered) else uuid4().hex


def set_up(*, form: str, level: str) -> None:
    """Let every log of this process go to standard error in one form; raises BadSettings."""
    for name, value, known in (("log_format", form, FORMATS), ("log_level", level, LEVELS)):
        if value not in known:
            raise BadSettings(f"{name} must be one of {', '.join(known)}, not {value!r}.")
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(_Text() if text else _Json())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    logging.getLogger("radlens").setLevel(level.upper())
    adopt()


def adopt() -> None:
    """Take from other libraries' logs the handlers that they have brought along since."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.split(".")[0] in CHATTY:
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.WARNING)


def fields(**values: object) -> Mapping[str, Mapping[str, object]]:
    """Entries of an event beside its words: ``log.info("request", extra=fields(status=200))``."""
    return {"fields": values}


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_event(record), default=str)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event = _event(record)
        head = [str(event.pop(name)) for name in ("time", "level", "event")]
        return " ".join([*head, *(f"{name}={value}" for name, value in event.items())])


def _event(record: logging.LogRecord) -> dict[str, object]:
    event: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
    }
    if known := request_id.get():
        event["request_id"] = known
    event |= getattr(record, "fields", {})
    if record.exc_info and (error := record.exc_info[1]):
        event["error"] = type(error).__name__
        event["at"] = [
            f"{frame.f_code.co_filename.rpartition('/')[2]}:{line} {frame.f_code.co_name}"
            for frame, line in walk_tb(error.__traceback__)
        ]
    return event
