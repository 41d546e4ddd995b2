"""The habits of the house, held by tests: floors, names, errors, documents."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from radlens.domain import errors
from radlens.domain.errors import RadLensError
from tests.builders import picture, png

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "radlens"
MODULES = sorted(SOURCE.rglob("*.py"))


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_an_api_that_reads_a_scan_never_imports_torch(tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(png(picture()))
    code = (
        "import sys\n"
        "import radlens.server\n"
        "from pathlib import Path\n"
        "from tests.builders import tiny_site\n"
        "from radlens.usecases.predict import predict\n"
        "from radlens.domain.audit import Actor\n"
        "home = Path(sys.argv[1])\n"
        "with tiny_site(home) as site:\n"
        "    predict(site, (home / 'scan.png').read_bytes(), task='chest-xray', by=Actor('', ''))\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'monai') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_every_package_face_is_empty() -> None:
    assert [p for p in MODULES if p.name == "__init__.py" and p.read_text().strip()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
    assert [path for path in MODULES if path.stem in vague or path.parent.name in vague] == []


def test_the_docstring_of_the_errors_is_their_tree() -> None:
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^([│ ├└─]*)([A-Z]\w+)(\s{2,}|$)", line):
            drawn.append((len(found[1]) // 4, found[2]))

    def walk(kind: type[RadLensError], depth: int) -> list[tuple[int, str]]:
        below = [row for child in kind.__subclasses__() for row in walk(child, depth + 1)]
        return [(depth, kind.__name__), *below]

    def ours(kind: type[RadLensError]) -> bool:
        return kind.__module__ == errors.__name__

    assert drawn == [row for row in walk(RadLensError, 0) if ours(getattr(errors, row[1]))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_broad_is_caught_and_swallowed(path: Path) -> None:
    """Only whoever runs jobs goes on, whatever happened: it puts on record how each ended."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[-1], ast.Raise):
            caught = ast.unparse(node.type) if node.type else "everything"
            recorded = path == SOURCE / "usecases" / "work.py" and caught == "Exception"
            assert recorded or caught not in ("everything", "Exception", "BaseException")


def test_no_pickle_and_no_shell_is_used_in_the_product() -> None:
    banned = re.compile(
        r"\b(import pickle|pickle\.loads?|joblib|shell=True|os\.system)"
        r"|(?<!\.)\b(eval|exec)\(|weights_only=False|allow_pickle=True"
    )
    assert [path for path in MODULES if banned.search(path.read_text())] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    place = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w+|file:///|/opt/(?:wheels|pypi)")
    texts = tracked("*.py", "*.md", "*.toml", "*.txt", "*.sh", "Makefile", "scripts/*", "*.json")
    found = [p for p in texts if p != Path(__file__).resolve() and place.search(p.read_text())]
    assert found == []


def test_files_stay_small() -> None:
    """The tree of errors is one noun, however many leaves it has: half of it is its drawing."""
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    tree = SOURCE / "domain" / "errors.py"
    assert {p.name: n for p, n in lengths.items() if n > (400 if p == tree else 250)} == {}


def test_links_between_documents_lead_somewhere() -> None:
    for path in tracked("*.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
