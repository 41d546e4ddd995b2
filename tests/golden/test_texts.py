"""What people and programs read, word for word; renewed with REGENERATE_GOLDEN=1."""

import json
import os
from pathlib import Path

import click
from click.testing import CliRunner

from radlens.api.app import create_api
from radlens.cli.app import app
from tests.builders import tiny_site

HERE = Path(__file__).parent


def compare(name: str, text: str) -> None:
    golden = HERE / name
    if os.environ.get("REGENERATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), f"{name} has changed"


def commands(group: click.Group, *path: str) -> list[list[str]]:
    found = [list(path)]
    for name, command in sorted(group.commands.items()):
        below = commands(command, *path, name) if isinstance(command, click.Group) else None
        found += below or [[*path, name]]
    return found


def test_the_help_of_every_command() -> None:
    pages = []
    for words in commands(app):
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="radlens", terminal_width=100)
        assert shown.exit_code == 0
        pages.append(f"$ {' '.join(['radlens', *words, '--help'])}\n{shown.output}")
    compare("cli-help.txt", "\n".join(pages))


def test_every_command_and_option_says_what_it_is_for() -> None:
    for words in commands(app):
        command: click.Command = app
        for word in words:
            assert isinstance(command, click.Group)
            command = command.commands[word]
        assert command.help
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help  # type: ignore[attr-defined]


def test_the_openapi_document(tmp_path: Path) -> None:
    with tiny_site(tmp_path, record=False) as site:
        document = create_api(site).openapi()
    compare("openapi.json", json.dumps(document, indent=1, sort_keys=True) + "\n")


def test_the_openapi_document_declares_the_errors_of_every_route(tmp_path: Path) -> None:
    with tiny_site(tmp_path, record=False) as site:
        paths = create_api(site).openapi()["paths"]
    post = paths["/v1/predictions"]["post"]["responses"]
    assert {"201", "409", "422", "503"} <= set(post)
    for path, route in paths.items():
        for status, answer in next(iter(route.values()))["responses"].items():
            if int(status) >= 400:
                shape = answer["content"]["application/json"]["schema"]["$ref"]
                assert shape.endswith("FailureJson"), (path, status)
