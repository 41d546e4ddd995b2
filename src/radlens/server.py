"""Pages and REST API in one ASGI process on one port."""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from threading import Thread
from time import perf_counter
from typing import Any

import streamlit as st
import uvicorn
from anyio import CapacityLimiter, to_thread
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from streamlit.starlette import App

from radlens import logs
from radlens.api.app import create_api
from radlens.api.operations import create_operations
from radlens.api.watch import Watch
from radlens.bootstrap import ACCESS, PACKAGE, open_site
from radlens.domain.access import Access
from radlens.domain.account import Caller
from radlens.domain.errors import BadSettings
from radlens.domain.legacy import notice
from radlens.entrance.callers import Callers
from radlens.entrance.doorway import Doorway
from radlens.entrance.gatekeeper import Gatekeeper
from radlens.entrance.password import password_routes
from radlens.entrance.provider import Provider
from radlens.entrance.sign_in import sign_in_routes
from radlens.entrance.single_sign_on import START, single_sign_on_routes
from radlens.foreman import workers
from radlens.ports import Site
from radlens.settings import Settings
from radlens.ui import door, theme
from radlens.ui.door import Entrance
from radlens.ui.shell import Shell
from radlens.usecases.checkpoint import checkpoint_when_due
from radlens.usecases.follow import following
from radlens.usecases.models import troubles
from radlens.usecases.set_up import invite
from radlens.usecases.settle import settle

log = logging.getLogger("radlens")
OPERATIONS = ("/livez", "/readyz", "/metrics")
# Pages keep a connection open each; this is how long Ctrl-C waits for them to let go.
LEAVE_S = 3


def asgi(settings: Settings, *, demo: bool = False) -> ASGIApp:
    """Everything that a site serves; raises StorageUnavailable where the site cannot be opened.

    The site is open from here on, because the API is made for it, and closes with the server.
    ``demo``: whoever is at this machine administers the site; raises BadSettings elsewhere.
    """
    if demo and not settings.local:
        raise BadSettings(
            f"Demo mode signs everybody in, so it answers at this machine alone, "
            f"not at {settings.host}.",
            hint="Leave --demo away, and make accounts; or leave --host away.",
        )
    access = Access.from_toml(ACCESS.read_text(encoding="utf-8"))
    doors = ExitStack()
    site = doors.enter_context(open_site(settings))
    settle(site, settings.told, usual=Settings(home=settings.home).told)
    provider = Provider.of(settings)
    callers = Callers(site, demo=demo, metrics_key=settings.metrics_key, provider=provider)
    door.enter(site, settings, Entrance(access, partial(_of_page, callers), demo=demo))
    theme.configure(settings)
    pages = App(
        theme.SCRIPT,
        routes=_routes(site, provider),
        lifespan=_lifespan(site, doors),
        on_script_error=door.unexpected,
    )
    shelled = Shell(pages, access.pages)
    return Watch(Gatekeeper(shelled, access, callers, Doorway.of(settings)))


def serve(settings: Settings, *, demo: bool = False) -> None:
    """Serve until Ctrl-C; raises BadSettings where the address cannot be had."""
    logs.set_up(form=settings.log_format, level=settings.log_level)
    listener = _listen(settings)
    with listener:
        app = asgi(settings, demo=demo)
        logs.adopt()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the gatekeeper believes the proxies that the settings name
            timeout_graceful_shutdown=LEAVE_S,
        )
        # Ctrl-C is how a server is meant to end
        with suppress(KeyboardInterrupt), workers(settings):
            _Announced(config, settings).run(sockets=[listener])


class _Announced(uvicorn.Server):
    """A server that says where it answers, once it really does."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settings = self._settings
        host = "localhost" if settings.local else settings.host
        address = f"http://{host}:{settings.port}"
        print(
            f"RadLens answers at {address} (pages; REST API under /api/v1). Ctrl-C stops it.",
            *self._notes(address),
            sep="\n",
            flush=True,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Take nothing new, say so at /readyz, and finish what was accepted."""
        line = door.site().line
        line.close()
        log.info("stopping", extra=logs.fields(inside=line.inside))
        deadline = perf_counter() + self._settings.drain_s
        while line.inside and not self.force_exit and perf_counter() < deadline:
            await asyncio.sleep(0.1)
        if line.inside:
            log.warning("stopped before all was finished", extra=logs.fields(inside=line.inside))

    def _notes(self, address: str) -> Iterator[str]:
        """What whoever starts the server has to know or to do."""
        if door.demo():
            yield "Demo mode: whoever is at this machine administers the site, without signing in."
        elif secret := invite(door.site()):
            yield f"No account yet. Set the site up within a day: {address}/set-up?token={secret}"
        if waiting := notice(door.site().legacy.left()):
            yield waiting
        if not self._settings.local:
            yield (
                "Without TLS in front of it, passwords and images can be read on their way: "
                "see `proxies` in the guide."
            )


def _routes(site: Site, provider: Provider | None) -> list[BaseRoute]:
    operations, slots = create_operations(site), CapacityLimiter(2)
    return [
        Mount("/api", app=create_api(site)),
        *sign_in_routes(site, slots, ((START, "Single sign-on"),) if provider else ()),
        *single_sign_on_routes(site, provider),
        *password_routes(site, slots),
        Mount("/fonts", app=StaticFiles(directory=PACKAGE / "fonts")),
        *(Route(path, operations) for path in OPERATIONS),
    ]


def _of_page(callers: Callers, *, active: bool) -> Caller:
    """The caller of the page that runs now."""
    return callers.of_page(st.context.headers, active=active)


def _lifespan(
    site: Site, doors: ExitStack
) -> Callable[[App], AbstractAsyncContextManager[dict[str, Any] | None]]:
    @asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        with doors:
            logs.adopt()
            # The models are loaded and checked now, so that nobody waits for them; a site with
            # a broken one still starts, and says so.
            for trouble in await to_thread.run_sync(troubles, site):
                log.warning("No answers from %s", trouble)
            Thread(target=_warm_pages, daemon=True).start()
            site.beside.start()
            try:
                with following(site):
                    yield
            finally:  # what has no checkpoint yet is signed before the site closes
                await to_thread.run_sync(partial(checkpoint_when_due, site, every=1))

    return lifespan


def _warm_pages() -> None:
    """Import what the first page and the first chart would otherwise make a reader wait for."""
    for module in ("radlens.ui.screens.live_prediction", "pandas", "pyarrow"):
        import_module(module)
    logs.adopt()


def _listen(settings: Settings) -> socket.socket:
    """The bound address: taken before anything else is opened, so that a clash costs nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise _refused(settings, error) from error
    return listener


def _refused(settings: Settings, error: OSError) -> BadSettings:
    place = f"{settings.host}, port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return BadSettings(
            f"Another program answers at {place} already.",
            hint=f"Stop it, or choose another port: radlens serve --port {settings.port + 1}",
        )
    return BadSettings(
        f"RadLens cannot listen at {place}: {error.strerror or error}.",
        hint="Choose an address of this machine and a port above 1023.",
    )
