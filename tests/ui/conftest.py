"""A real site with tiny models, and the pages run on it without a browser."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from radlens.bootstrap import ACCESS
from radlens.domain.access import Access
from radlens.domain.account import Caller, Role
from radlens.ports import Site
from radlens.settings import Settings
from radlens.ui import door, theme
from radlens.ui.door import Entrance
from tests.builders import picture, png, tiny_site

GOOD = ("chest.png", png(picture(1)), "image/png")
OTHER = ("other.png", png(picture(2)), "image/png")
BAD = ("notes.txt", b"not an image", "text/plain")


READER = Caller("", "local user", Role.ADMIN, "page")


def entrance(caller: Caller = READER, *, demo: bool = True) -> Entrance:
    """An entrance behind which somebody always is."""

    def asked(*, active: bool) -> Caller:
        return caller

    return Entrance(Access.from_toml(ACCESS.read_text()), asked, demo=demo)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with tiny models that were opened once, to be copied instead of made again."""
    home = tmp_path_factory.mktemp("furnished")
    with tiny_site(home) as opened:
        for task in ("chest-xray", "brain-tumor"):
            opened.live.current(task)
    return home


@pytest.fixture
def site(tmp_path: Path, furnished: Path) -> Iterator[Site]:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    with tiny_site(tmp_path) as opened:
        door.enter(opened, Settings(home=tmp_path, site_name="Test site"), entrance())
        yield opened
        door.leave()


@dataclass(frozen=True)
class Visit:
    """One session on the pages, as a reader has it."""

    at: AppTest

    def send(self, *files: tuple[str, bytes, str]) -> "Visit":
        self.at.file_uploader[0].set_value(list(files)).run()
        return self

    def task(self, name: str) -> "Visit":
        self.at.selectbox[0].set_value(name).run()
        return self

    @property
    def text(self) -> str:
        """What the page itself wrote, without its style sheet."""
        parts = [part.value for part in self.at.get("html") if "<style>" not in part.value]
        return "\n".join(parts).replace("\N{NO-BREAK SPACE}", " ")

    @property
    def words(self) -> str:
        """The text without the places where a command may break."""
        return self.text.replace("<span>", "").replace("</span>", "")


@pytest.fixture
def visit(site: Site) -> Callable[..., Visit]:
    """Start a session: ``visit()`` opens the first page."""

    def start(**query: str) -> Visit:
        at = AppTest.from_file(str(theme.SCRIPT), default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = value
        seen = Visit(at.run())
        assert not at.exception
        return seen

    return start


@pytest.fixture
def screen(site: Site) -> Callable[..., Visit]:
    """Start a session on one page: ``screen("history", prediction="...")``."""

    def start(name: str, **query: str) -> Visit:
        at = AppTest.from_string(
            f"from radlens.ui.screens.{name} import show\nshow()", default_timeout=60
        )
        for key, value in query.items():
            at.query_params[key] = value
        seen = Visit(at.run())
        assert not at.exception
        return seen

    return start


@pytest.fixture
def history(screen: Callable[..., Visit]) -> Callable[..., Visit]:
    """Start a session on the page History."""
    return partial(screen, "history")
