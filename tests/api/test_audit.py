"""The audit log over REST: found, taken along in every form, verified, and itself on record."""

import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from radlens.api.app import create_api
from radlens.domain.audit import Act, Actor, Entry, Outcome, Verb, follow
from radlens.ports import Site
from radlens.reports.audit_csv import csv_lines
from radlens.reports.audit_fhir import fhir_lines
from radlens.reports.csv_text import FORMULA
from tests.builders import let_in, tiny_site
from tests.storage.samples import NOON

NPM_FHIR = "fhir@4.12.0"
VALIDATE = """
const {Fhir} = require('fhir');
const bundle = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(new Fhir().validate(bundle, {errorOnUnexpected: true})));
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path, gallery="none") as opened:
        for number in range(5):
            by = Actor("ada" if number % 2 else "bob", "api", "192.0.2.7")
            opened.trail.note(Act(NOON, by, Verb.VIEW, str(number), {"image": "b" * 64}))
        yield opened


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with TestClient(let_in(create_api(site)), raise_server_exceptions=False) as opened:
        yield opened


def acts(site: Site, verb: Verb) -> list[Act]:
    return [entry.act for entry in site.trail.entries() if entry.act.verb == verb]


def test_pages_go_on_from_where_the_one_before_ended_and_are_on_record(client, site):
    first = client.get("/v1/audit", params={"limit": 3, "verb": "view"}).json()
    assert [entry["subject"] for entry in first["entries"]] == ["4", "3", "2"]
    then = client.get("/v1/audit", params={"limit": 3, "verb": "view", "before": first["next"]})
    assert [entry["subject"] for entry in then.json()["entries"]] == ["1", "0"]
    assert then.json()["next"] is None
    assert len(acts(site, Verb.VIEW_AUDIT)) == 2


def test_filters_find_and_what_was_typed_into_them_is_not_kept(client, site):
    params = {"actor": "DOE^JANE", "verb": "DOE^JOHN", "since": "2026-11-03T12:00:00"}
    assert client.get("/v1/audit", params=params).json()["entries"] == []
    [look] = acts(site, Verb.VIEW_AUDIT)
    assert look.detail == {"since": "2026-11-03T12:00:00+00:00", "by": ["actor"]}
    assert len(client.get("/v1/audit", params={"actor": "ada"}).json()["entries"]) == 2


@pytest.mark.parametrize("params", [{"limit": 0}, {"before": 0}, {"outcome": "x"}, {"since": "x"}])
def test_a_question_that_cannot_be_answered_is_refused(client, params):
    assert client.get("/v1/audit", params=params).status_code == 422


def test_an_export_as_json_lines_holds_the_chain_and_is_on_record_first(client, site):
    answer = client.get("/v1/audit/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["digest"] for line in lines[:-1]] == [line["previous"] for line in lines[1:]]
    assert acts(site, Verb.EXPORT_AUDIT)[0].detail == {"form": "jsonl"}
    again = client.get("/v1/audit/export", params={"actor": "ada", "format": "csv"})
    assert len(again.text.splitlines()) == 3


def test_verifying_names_the_entry_that_was_touched(client, site, tmp_path):
    intact = client.post("/v1/audit/verify").json()
    assert (intact["intact"], intact["entries"]) == (True, 5)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 3")
    broken = client.post("/v1/audit/verify").json()
    assert (broken["intact"], broken["entry"]) == (False, 3)
    assert broken["error"]["kind"] == "BrokenChain"


def entries(*acts: Act) -> list[Entry]:
    made: list[Entry] = []
    for seq, act in enumerate(acts, start=1):
        made.append(follow(act, seq=seq, previous=made[-1].digest if made else "0" * 64))
    return made


@pytest.mark.parametrize("start", FORMULA)
def test_no_cell_of_the_csv_is_a_formula(start):
    evil = f'{start}HYPERLINK("http://192.0.2.1")'
    act = Act(NOON, Actor(evil, evil, f" {evil}"), evil, evil, {"=1": evil}, Outcome.DONE)
    rows = list(csv.reader(StringIO("".join(csv_lines(entries(act))), newline="")))
    assert len(rows) == 2
    for cell in rows[1]:
        assert not cell.lstrip().startswith(FORMULA)
        assert not cell.startswith(FORMULA)


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package that knows FHIR's value sets, in a folder of its own."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm and node are not installed")
    place = tmp_path_factory.mktemp("npm")
    words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place), NPM_FHIR]
    got = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    if got.returncode:
        pytest.skip(f"npm cannot install {NPM_FHIR}: {got.stderr.strip()[:200]}")
    return place


def judged(validator: Path, bundle: str) -> dict:
    words = ["node", "-e", VALIDATE]
    said = subprocess.run(
        words, cwd=validator, input=bundle, capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)


def test_the_fhir_export_is_valid_for_every_kind_of_act(validator):
    act = Act(NOON, Actor("ada", "api", "192.0.2.7"), Verb.VIEW, "one", {"image": "b" * 64})
    every = [replace(act, verb=verb, outcome=how) for verb in Verb for how in Outcome]
    bare = replace(act, by=Actor("ada", "cli"), subject="", detail={})
    bundle = "".join(fhir_lines(entries(*every, bare)))
    assert len(json.loads(bundle)["entry"]) == len(every) + 1
    found = judged(validator, bundle)
    assert found["valid"]
    # The standard lets others add kinds of their own to those of DICOM, which it says of each.
    own = {(told["severity"], told["location"]) for told in found["messages"]}
    assert own == {("warning", "AuditEvent.subtype[0]")}


def test_an_empty_fhir_export_is_valid_and_a_wrong_code_is_not(validator):
    assert judged(validator, "".join(fhir_lines([])))["valid"]
    bundle = json.loads("".join(fhir_lines(entries(Act(NOON, Actor("a", "cli"), "view", "", {})))))
    bundle["entry"][0]["resource"]["outcome"] = "nonsense"
    assert not judged(validator, json.dumps(bundle))["valid"]
