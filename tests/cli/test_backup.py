"""A site in one file and back again: consistent under load, checked whole, never over another."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from shutil import copytree
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from radlens.bootstrap import open_site
from radlens.cli.app import app
from radlens.domain.audit import Actor, Verb
from radlens.domain.errors import NoSuchObject
from radlens.settings import Settings, load_settings
from radlens.usecases.checkpoint import checkpoint
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.verify import verify_records
from tests.builders import picture, png, tiny_site
from tests.objects import on_s3

ROOT = Path(__file__).parents[2]
ME = Actor("tester", "cli")
WRITER = """
import sys
from hashlib import sha256
from pathlib import Path
from tests.builders import picture, png, tiny_site
from tests.cli.test_backup import ME, predict
with tiny_site(Path(sys.argv[1])) as site:
    for seed in range(100_000):
        print(predict(site, png(picture(seed)), task="chest-xray", by=ME).id, flush=True)
"""


def run(home: Path, *words: object, **settings: str) -> tuple[int, str]:
    """A command on a site: its exit code, and all that it said."""
    told = {f"RADLENS_{name.upper()}": value for name, value in settings.items()}
    told |= {"RADLENS_HOME": str(home), "COLUMNS": "200"}
    done = CliRunner().invoke(app, [str(word) for word in words], env=told)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def fill(home: Path, count: int) -> list[str]:
    with tiny_site(home) as site:
        kept = [
            predict(site, png(picture(seed)), task="chest-xray", by=ME).id for seed in range(count)
        ]
        checkpoint(site, every=1)
    return kept


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path / "empty"


def test_what_is_written_meanwhile_is_in_the_backup_whole_or_not_at_all(home, empty, tmp_path):
    fill(home, 3)
    command = [sys.executable, "-c", WRITER, str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        writer.stdout.readline()
        code, said = run(home, "backup", tmp_path / "kept.zip")
        assert writer.poll() is None, "nothing was written meanwhile"
        writer.kill()
    assert code == 0, said
    code, said = run(empty, "restore", tmp_path / "kept.zip")
    assert code == 0, said
    with open_site(Settings(home=home)) as source, open_site(load(empty)) as restored:
        old = [prediction.id for prediction in source.records.history(limit=1000)][::-1]
        new = [prediction.id for prediction in restored.records.history(limit=1000)][::-1]
        assert old[: len(new)] == new
        assert 3 < len(new) <= len(old)
        assert verify_records(restored, trusted=load(empty).audit_keys).entries > len(new)
        for prediction in new:
            assert recall(restored, prediction).prediction.id == prediction
        verbs = [entry.act.verb for entry in restored.trail.entries()]
        assert (verbs[-1], Verb.BACK_UP in verbs) == (Verb.RESTORE, False)
        assert Verb.BACK_UP in [entry.act.verb for entry in source.trail.entries()]


def parts_of(backup: Path) -> dict[str, bytes]:
    with ZipFile(backup) as archive:
        return {part: archive.read(part) for part in archive.namelist()}


def pack(target: Path, parts: dict[str, bytes]) -> None:
    with ZipFile(target, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def load(home: Path) -> Settings:
    return load_settings({"RADLENS_HOME": str(home)})


def test_a_site_moves_by_its_backup_from_files_to_servers_and_back(
    home, empty, tmp_path, postgres, s3_server
):
    kept = fill(home, 3)[::-1]
    servers = {"database": postgres, **on_s3(s3_server)}
    assert run(home, "backup", tmp_path / "there.zip")[0] == 0
    code, said = run(empty, "restore", tmp_path / "there.zip", **servers)
    assert code == 0, said
    assert not (empty / "radlens.sqlite").exists()
    assert run(empty, "restore", tmp_path / "there.zip", **servers)[0] == 4
    code, said = run(empty, "backup", tmp_path / "back.zip", **servers)
    assert code == 0, said
    assert run(tmp_path / "again", "restore", tmp_path / "back.zip")[0] == 0
    with open_site(load(tmp_path / "again")) as site:
        assert [prediction.id for prediction in site.records.history(limit=9)] == kept
        assert [recall(site, prediction).prediction.id for prediction in kept] == kept
        assert verify_records(site, trusted=load(tmp_path / "again").audit_keys).entries > 3


def test_a_damaged_backup_is_refused_and_nothing_is_touched(home, empty, tmp_path):
    """Each byte counts but those of the archive's own that say nothing, such as a date."""
    fill(home, 2)
    whole, damaged = tmp_path / "kept.zip", tmp_path / "damaged.zip"
    assert run(home, "backup", whole)[0] == 0
    content, rng, refused = whole.read_bytes(), Random(5), 0  # noqa: S311
    for _ in range(60):
        at = rng.randrange(len(content))
        damaged.write_bytes(
            content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        )
        code, said = run(empty, "restore", damaged)
        if code:
            refused += 1
            assert code in (2, 7), said
            assert not empty.exists()
        else:
            with ZipFile(damaged) as one, ZipFile(whole) as other:
                assert all(one.read(name) == other.read(name) for name in other.namelist())
            empty = tmp_path / f"other-{at}"
    assert refused > 40
    damaged.write_bytes(content[:-1000])
    assert run(empty, "restore", damaged)[0] == 2
    damaged.write_bytes(b"no archive")
    code, said = run(empty, "restore", damaged)
    assert (code, empty.exists()) == (2, False)


def test_a_backup_is_restored_into_nothing_but_an_empty_site(home, tmp_path):
    fill(home, 1)
    assert run(home, "backup", tmp_path)[0] == 0
    [kept] = tmp_path.glob("radlens-*.zip")
    other = tmp_path / "other"
    fill(other, 1)
    before = sorted(path.name for path in (other / "objects").rglob("*"))
    code, said = run(other, "restore", kept)
    assert (code, "not empty" in said) == (4, True)
    assert before == sorted(path.name for path in (other / "objects").rglob("*"))
    code, said = run(other, "restore", kept, "--check")
    assert (code, "is whole" in said) == (0, True)


def test_a_backup_can_be_restored_again_where_it_was_stopped(home, empty, tmp_path):
    """What was written before the one transaction are objects, which nobody names yet."""
    fill(home, 1)
    run(home, "backup", tmp_path / "kept.zip")
    copytree(home / "objects", empty / "objects")
    assert run(empty, "restore", tmp_path / "kept.zip")[0] == 0


def test_secrets_stay_where_they_are_unless_the_key_is_asked_for(home, empty, tmp_path):
    fill(home, 1)
    (home / "radlens.toml").write_text('site_name = "Köln"\n')
    (home / "audit.key").chmod(0o600)
    (home / "tasks" / "fr").mkdir()
    (home / "tasks" / "fr" / "unserved.toml").write_text('title = "Sans modèle"\n')
    secrets = {"patient.key": "ab" * 32, "audit.key": (home / "audit.key").read_text()}
    (home / "patient.key").write_text(secrets["patient.key"])
    _, said = run(home, "backup", tmp_path / "kept.zip")
    assert "Without the keys" in said
    with ZipFile(tmp_path / "kept.zip") as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    assert not any(key.encode() in part for key in secrets.values() for part in parts)
    assert (tmp_path / "kept.zip").stat().st_mode & 0o077 == 0
    run(empty, "restore", tmp_path / "kept.zip")
    assert load(empty).site_name == "Köln"
    assert (empty / "tasks" / "unserved.toml").exists()
    assert (empty / "tasks" / "fr" / "unserved.toml").exists()
    assert not any((empty / name).exists() for name in secrets)
    run(home, "backup", tmp_path / "keys.zip", "--with-keys")
    twin = tmp_path / "twin"
    run(twin, "restore", tmp_path / "keys.zip")
    for name, key in secrets.items():
        assert (twin / name).read_text() == key
        assert (twin / name).stat().st_mode & 0o077 == 0


def test_an_object_that_is_gone_is_named_and_the_rest_is_kept(home, empty, tmp_path):
    [prediction] = fill(home, 1)
    with open_site(Settings(home=home)) as site:
        gone = site.records.get(prediction).evidence
    (home / "objects" / gone[:2] / gone).unlink()
    code, said = run(home, "backup", tmp_path / "kept.zip")
    assert (code, gone in said) == (7, True)
    assert run(empty, "restore", tmp_path / "kept.zip")[0] == 0
    with open_site(load(empty)) as site:
        assert site.records.get(prediction).id == prediction
        with pytest.raises(NoSuchObject):
            site.blobs.get(gone)


def test_a_backup_of_a_newer_radlens_is_refused_with_the_version_that_made_it(
    home, empty, tmp_path
):
    """Even where each of its tables looks as it does here: what it says may mean something else."""
    fill(home, 1)
    run(home, "backup", tmp_path / "kept.zip")
    parts = parts_of(tmp_path / "kept.zip")
    contents = json.loads(parts["contents.json"])
    here = contents["schema"]
    newer = json.dumps(contents | {"schema": here + 1, "radlens": "99.1"}).encode()
    pack(tmp_path / "newer.zip", parts | {"contents.json": newer})
    for words in ((), ("--check",)):
        code, said = run(empty, "restore", tmp_path / "newer.zip", *words)
        assert (code, f"newer RadLens (schema {here + 1}, here {here})" in said) == (2, True), said
        assert "Install RadLens 99.1" in said
        assert not empty.exists()


def test_a_backup_that_has_no_room_leaves_nothing_behind(home, tmp_path):
    fill(home, 1)
    code, said = run(home, "backup", tmp_path / "nowhere" / "kept.zip")
    assert (code, "cannot be written" in said) == (6, True)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_record_that_was_bent_in_the_backup_is_found_by_its_chain(home, empty, tmp_path):
    """With all digests of the backup taken again, as whoever can write the file may do."""
    fill(home, 1)
    run(home, "backup", tmp_path / "kept.zip")
    name = "tables/predictions.jsonl"
    parts = parts_of(tmp_path / "kept.zip")
    rows = parts[name].replace(b"chest-xray", b"brain-tumor")
    contents = json.loads(parts["contents.json"])
    contents["parts"][name]["sha256"] = sha256(rows).hexdigest()
    parts |= {name: rows, "contents.json": json.dumps(contents).encode()}
    pack(tmp_path / "bent.zip", parts)
    code, said = run(empty, "restore", tmp_path / "bent.zip")
    assert (code, "was changed" in said) == (7, True)
    assert not empty.exists()
