"""Archives that are made to do harm: refused before anything is unpacked, and no code runs."""

import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from stat import S_IFLNK

import numpy as np
import pytest
import torch

from radlens.domain.archive import archive_of, parts_of
from radlens.domain.audit import Actor, Outcome, Verb
from radlens.domain.errors import BadBundle
from radlens.domain.model import KNOWN
from radlens.engines.bundle import read_parts
from radlens.usecases.register import register
from tests.builders import TASKS, remembering_bundle, signed, tiny_bundle, tiny_site

TASK = TASKS["brain-tumor"]
ME = Actor("mallory", "api")


class Canary:
    """Whoever unpickles this leaves a mark: a file of this name."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.mark), "w")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return read_parts(remembering_bundle(tmp_path_factory.mktemp("b") / "b", TASK, version="new"))


def zipped(entries: dict[str, bytes], *, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(entries: dict[str, bytes], mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def linked(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name)
            if name == "card.md":
                info.external_attr = (S_IFLNK | 0o777) << 16
                content = b"/etc/passwd"
            archive.writestr(info, content)
    return stream.getvalue()


def encrypted(parts: dict[str, bytes]) -> bytes:
    raw = bytearray(zipped(parts))
    at = raw.index(b"PK\x01\x02") + 8
    raw[at] |= 1
    return bytes(raw)


def script_module() -> torch.nn.Module:
    return torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2))


def exploits(parts: dict[str, bytes], canary: Canary) -> dict[str, bytes]:
    """Every file by what it tries."""
    array = np.array([canary], dtype=object)
    evil = pickle.dumps(canary)
    return {
        "a pickle": evil,
        "a pickle of protocol 0": pickle.dumps(canary, 0),
        "a legacy torch file": saved(
            lambda s: torch.save(canary, s, _use_new_zipfile_serialization=False)
        ),
        "a torch zip": saved(lambda s: torch.save({"weights": canary}, s)),
        "TorchScript": saved(lambda s: torch.jit.save(script_module(), s)),
        "an object array": saved(lambda s: np.save(s, array, allow_pickle=True)),
        "object arrays": saved(lambda s: np.savez(s, array)),
        "a tar": tarred(parts, "w"),
        "a tar that is packed": tarred(parts, "w:gz"),
        "joblib, packed": __import__("zlib").compress(evil),
        "a pickle beside the parts": zipped(parts | {"weights.pth": evil}),
        "a pickle called the card": zipped(parts | {"card.md": evil}),
        "a pickle called the network": zipped(parts | {"model.onnx": evil}),
        "a pickle called the known cases": zipped(parts | {KNOWN: evil}),
        "a pickle that takes the place of the known cases": zipped(
            {n: c for n, c in parts.items() if n != KNOWN} | {"known-cases.pkl": evil}
        ),
        "a pickle called the manifest": zipped(parts | {"manifest.json": evil}),
        "a way out": zipped(parts | {"../card.md": b"x"}),
        "a way out by a folder": zipped({f"a/../../{n}": c for n, c in parts.items()}),
        "an absolute place": zipped({f"/tmp/{n}": c for n, c in parts.items()}),  # noqa: S108
        "another system's way out": zipped({f"..\\{n}": c for n, c in parts.items()}),
        "two folders": zipped({f"{i}/{n}": c for i, (n, c) in enumerate(parts.items())}),
        "a deep folder": zipped({f"a/b/{n}": c for n, c in parts.items()}),
        "a link": linked(parts),
        "a bomb": zipped(parts | {"card.md": bytes(50_000_000)}),
        "many entries": zipped(parts | {f"{n}": b"" for n in range(2000)}),
        "encrypted": encrypted(parts),
        "packed otherwise": zipped(parts, packed=zipfile.ZIP_LZMA),
        "cut off": zipped(parts)[:-100],
        "nothing": b"",
        "an empty zip": zipped({}),
        "a missing part": zipped({n: c for n, c in parts.items() if n != "card.md"}),
        "another card": zipped(parts | {"card.md": b"# Another\n"}),
    }


@pytest.mark.filterwarnings("ignore")
def test_whatever_tries_to_harm_is_refused_on_record_and_runs_no_code(parts, tmp_path) -> None:
    mark = tmp_path / "it ran"
    with tiny_site(tmp_path / "home") as site:
        before = site.registry.versions()
        objects = len(list((tmp_path / "home" / "objects").rglob("*")))
        for kind, content in exploits(parts, Canary(mark)).items():
            entries = site.trail.ends()[0]
            with pytest.raises(BadBundle):
                register(site, partial(parts_of, content), by=ME)
            [entry] = site.trail.entries(entries)
            assert (entry.act.verb, entry.act.outcome) == (Verb.ADD_MODEL, Outcome.REFUSED), kind
            assert entry.act.by == ME
        assert site.registry.versions() == before
        assert len(list((tmp_path / "home" / "objects").rglob("*"))) == objects
    assert not mark.exists()
    pickle.loads(pickle.dumps(Canary(mark))).close()  # noqa: S301 - the canary itself sings
    assert mark.exists()


@pytest.mark.parametrize("content", [b"\x80\x04.", b"PK\x03\x04" + bytes(50), b"not a network"])
def test_what_is_called_a_network_and_signed_as_one_is_not_opened(tmp_path, content) -> None:
    folder = tiny_bundle(tmp_path / "bundle", TASK, version="renamed")
    signed(folder, model=content)
    with tiny_site(tmp_path / "home") as site, pytest.raises(BadBundle, match="network"):
        register(site, lambda: read_parts(folder), by=ME)


@pytest.mark.parametrize("content", [b"\x80\x04.", b"PK\x03\x04" + bytes(50), bytes(50), b""])
def test_what_is_called_known_cases_and_signed_as_such_is_not_opened(tmp_path, content) -> None:
    folder = remembering_bundle(tmp_path / "bundle", TASK, version="renamed")
    signed(folder, known=content)
    with tiny_site(tmp_path / "home") as site, pytest.raises(BadBundle, match="known cases"):
        register(site, lambda: read_parts(folder), by=ME)


def test_links_in_a_folder_are_not_followed(tmp_path) -> None:
    folder = tiny_bundle(tmp_path / "bundle", TASK)
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to("/etc/hostname")
    with pytest.raises(BadBundle, match="links"):
        read_parts(folder)


@pytest.mark.parametrize("folder", ["", "bundle/"])
def test_a_bundle_is_taken_alone_or_in_one_folder(parts, folder) -> None:
    assert parts_of(zipped({f"{folder}{n}": c for n, c in parts.items()})) == parts


def test_what_was_exported_is_taken_again_and_is_the_same_bytes_each_time(parts) -> None:
    archive = archive_of(parts, "new")
    assert archive == archive_of(dict(reversed(parts.items())), "new")
    assert parts_of(archive) == parts


def test_a_damaged_archive_is_refused_or_gives_the_same_parts(parts) -> None:
    whole = zipped(parts)
    for seed in range(300):
        chance, raw = Random(seed), bytearray(whole)  # noqa: S311
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        with suppress(BadBundle):
            assert parts_of(bytes(raw)) == parts
