"""Identifiers that are planted in uploads are found nowhere afterwards, on any kind of store."""

import logging
import tempfile
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from radlens.api.app import create_api
from radlens.domain.audit import Actor, Verb, Wanted
from radlens.domain.errors import BurnedInText, RadLensError
from radlens.ports import Site
from radlens.reports.pdf import pdf
from radlens.settings import Settings
from radlens.site_files import collected
from radlens.usecases.backup import backup
from radlens.usecases.batch import batch
from radlens.usecases.consult import export
from radlens.usecases.disclose import disclose
from radlens.usecases.predict import predict
from radlens.usecases.trial import shadow
from radlens.usecases.verify import verify_records
from radlens.wire_audit import FORMS, written
from tests.builders import let_in, picture, tiny_site
from tests.identifiers import BAD, GOOD, NAME, NUMBER, WORDS, files_in, found_in
from tests.imaging.samples import dicom
from tests.objects import BUCKET, S3Server, on_s3
from tests.postgres import PostgresServer
from tests.versions import added

ME = Actor("tester", "cli")
TASK = "chest-xray"
Contents = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Place:
    """Where a site keeps what it keeps, and all that stands there outside its folder."""

    settings: dict[str, str]
    contents: Callable[[], Contents]


@pytest.fixture(params=["SQLite and a folder", "PostgreSQL and S3"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "SQLite and a folder":
        return Place({}, lambda: iter(()))
    server, url = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres")
    objects = request.getfixturevalue("s3_server")

    others = set(keys_of(objects))  # of former tests, some broken on purpose

    def contents() -> Contents:
        yield from rows_of(url)
        yield from disk_of(server)
        yield from objects_of(objects, but=others)

    return Place({"database": url, **on_s3(objects)}, contents)


def rows_of(url: str) -> Contents:
    """Every row of every table as text, however the server packs it on its disk."""
    tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'radlens'"
    with psycopg.connect(url) as connection:
        for schema, table in connection.execute(tables).fetchall():
            query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(schema, table))
            for [row] in connection.execute(query).fetchall():
                yield table, row.encode()


def disk_of(server: PostgresServer) -> Contents:
    """The server's files: tables, write-ahead log and what it logged."""
    server.execute("CHECKPOINT")
    yield from files_in(server.folder / "data" / "base", server.folder / "data" / "pg_wal")
    yield "log", (server.folder / "log").read_bytes()


def objects_of(server: S3Server, *, but: Container[str]) -> Contents:
    """Every object but these, with its key and what is noted beside it."""
    client = server.client()
    for key in keys_of(server):
        if key not in but:
            got = client.get_object(Bucket=BUCKET, Key=key)
            yield f"{key} {got['Metadata']} {got['ContentType']}", got["Body"].read()


def keys_of(server: S3Server) -> Iterator[str]:
    for listed in server.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        yield from (one["Key"] for one in listed.get("Contents", ()))


def send(site: Site, client: TestClient, name: str, upload: bytes) -> None:
    """Through the use-case and the API, with identifiers in whatever words go with it."""
    if name in BAD:
        with pytest.raises(RadLensError) as caught:
            predict(site, upload, task=TASK, by=ME, key=f"{NUMBER}-{name}")
        assert "PLANTED" not in f"{caught.value.message} {caught.value.hint}"
    else:
        predict(site, upload, task=TASK, by=ME, key=f"{NUMBER}-{name}")
    client.post(
        "/v1/predictions",
        files={"file": (f"{NAME}.png", upload)},
        data={"task": TASK if name in GOOD else NAME},
        headers={"Idempotency-Key": f"{NUMBER}-api-{name}"},
    )


def hand_out(site: Site, client: TestClient, out: Path) -> None:
    """Everything that leaves a site: reports, records, pictures, the log, a backup."""
    task = site.tasks[TASK]
    for prediction in site.records.history(limit=99):
        found = disclose(site, prediction.id, Verb.DOWNLOAD_REPORT, by=ME)
        report = pdf(prediction, task=task, scan=found.scan, evidence=found.evidence)
        (out / f"{prediction.id}.pdf").write_bytes(report)
        for part in ("", "/image.png", f"/heatmaps/{task.names[0]}.png"):
            answer = client.get(f"/v1/predictions/{prediction.id}{part}")
            (out / f"{prediction.id}-{part.strip('/').replace('/', '-')}").write_bytes(
                answer.content
            )
    for form in FORMS:
        for name, wanted in (("narrow", Wanted(subject=NUMBER)), ("all", Wanted())):
            lines = written(export(site, wanted, form=form, by=ME), form)
            (out / f"{name}.{form}").write_text("".join(lines))


def test_what_is_planted_in_uploads_is_found_nowhere(place: Place, tmp_path, caplog, monkeypatch):
    uploads = {name: make() for name, make in {**GOOD, **BAD}.items()}
    assert all(found_in([(name, upload)]) for name, upload in uploads.items() if upload)
    caplog.set_level(logging.DEBUG)
    scratch, home, out, inbox = (tmp_path / name for name in ("scratch", "home", "out", "inbox"))
    for folder in (scratch, out, inbox):
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with tiny_site(home, **place.settings) as site:
        added(site, home, TASK, "beside")
        shadow(site, "beside", by=ME)
        site.beside.start()
        client = TestClient(let_in(create_api(site)), raise_server_exceptions=False)
        for name, upload in uploads.items():
            send(site, client, name, upload)
            (inbox / f"{NAME}-{name}").write_bytes(upload)
        list(batch(site, sorted(inbox.iterdir()), task=TASK, by=ME, run=NAME))
        found = site.records.history(limit=99)
        assert len(found) == 3 * len(GOOD)
        assert len({one.whose.patient for one in found if one.whose}) == 2  # by pseudonyms alone
        done = Event()
        assert site.beside.offer(done.set)
        assert done.wait(60)
        hand_out(site, client, out)
        files = collected(Settings(home=home, **place.settings), signer=None, keys=True)
        backup(site, out / "site.zip", files=files, by=ME, seen=lambda *_: None)
        assert verify_records(site)
        # Open, with its write-ahead log, and closed.
        assert found_in([*files_in(home, out), *place.contents()]) == []
        assert list(files_in(scratch)) == []
    assert found_in([*files_in(home, out), *place.contents()]) == []
    assert not any(word in caplog.text for word in WORDS)


def test_a_file_that_says_that_it_names_the_patient_in_its_pixels_is_refused(tmp_path):
    with tiny_site(tmp_path) as site:
        upload = dicom(picture(), Modality="CR", BurnedInAnnotation="YES")
        with pytest.raises(BurnedInText, match="names the patient"):
            predict(site, upload, task=TASK, by=ME)
        assert not list((tmp_path / "objects").rglob(f"*{upload[:4].hex()}*"))
        assert site.records.history(limit=9) == []
        predict(site, dicom(picture(), Modality="CR", BurnedInAnnotation="NO"), task=TASK, by=ME)
