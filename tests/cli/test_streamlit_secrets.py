"""An older application's secrets are answered with what to set, and never shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from radlens.cli.app import app
from radlens.cli.streamlit_secrets import PLACE, instead

KEY, PASSWORD = "eyJhbGciOi.KEYKEY", "hunter2-hunter2"
URL = "https://abcdefghijklmnopqrst.supabase.co"
WHOLE = f'[supabase]\nurl = "{URL}"\nkey = "{KEY}"\n[admin]\npassword = "{PASSWORD}"\n'


def wrote(folder: Path, content: bytes) -> Path:
    path = folder / PLACE
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("command", ["doctor", "upgrade"])
@pytest.mark.parametrize("place", ["home", "work"])
def test_commands_say_exactly_what_to_set_and_show_no_secret(tmp_path, monkeypatch, command, place):
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    wrote(tmp_path / place, WHOLE.encode())
    monkeypatch.chdir(tmp_path / "work")
    home = tmp_path / "home"
    (home / "gallery").mkdir()
    environment = {"RADLENS_HOME": str(home), "RADLENS_GALLERY": "gallery"}
    done = CliRunner().invoke(app, [command], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    ref = "abcdefghijklmnopqrst"
    for line in (
        f"RADLENS_DATABASE=postgresql://postgres.{ref}:PASSWORD@",
        "RADLENS_OBJECTS=s3://BUCKET",
        f"RADLENS_S3_ENDPOINT=https://{ref}.storage.supabase.co/storage/v1/s3",
        "radlens users add NAME --role admin",
        "radlens upgrade",
    ):
        assert line in done.output
    assert KEY not in done.output
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"[supabase\nkey = 'KEYKEYKEY'",
        b"supabase = 'KEYKEYKEY'",
        b"supabase = 1\nadmin = ['KEYKEYKEY']",
        b"[supabase]\nurl = 7\nkey = ['KEYKEYKEY']",
        b"[supabase]\nurl = 'https://KEYKEYKEY:x@abcdefghijklmnop.supabase.co/?apikey=KEYKEYKEY'",
        b"x = " + b"[" * 50_000 + b"]" * 50_000,
    ],
)
def test_no_file_whatever_it_holds_makes_it_fall_over(tmp_path, content):
    said = "\n".join(instead(wrote(tmp_path, content)))
    assert "RadLens does not use it" in said
    assert "KEYKEYKEY" not in said


def test_a_folder_of_that_name_and_another_programs_secrets_are_passed_over(tmp_path):
    assert not [*instead(wrote(tmp_path, b"[weather]\nkey = 'k'\n"))]
    (tmp_path / "other" / PLACE).mkdir(parents=True)
    assert not [*instead(tmp_path / "other" / PLACE)]


secret = st.text("ABCDEFGHJKMNPQRSTUVWXYZ0123456789_", min_size=14, max_size=40)


@given(key=secret, password=secret, broken=st.binary(max_size=8), at=st.integers(0, 120))
def test_no_secret_is_ever_in_what_is_said(tmp_path_factory, key, password, broken, at):
    text = f'[supabase]\nurl = "{URL}"\nkey = "{key}"\n[admin]\npassword = "{password}"\n'.encode()
    folder = tmp_path_factory.getbasetemp() / "secrets"
    said = "\n".join(instead(wrote(folder, text[:at] + broken + text[at:])))
    assert key not in said
    assert password not in said
