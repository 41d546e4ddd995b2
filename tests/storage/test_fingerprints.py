"""The fingerprint of a row is that of its prediction, and no other row has it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radlens.domain.errors import DigestMismatch
from radlens.domain.prediction import fingerprint
from radlens.storage.fingerprints import fingerprint_of
from radlens.storage.rows import PREDICTION, prediction_of, prediction_row
from tests.storage.samples import a_prediction
from tests.storage.test_rows import prediction, stored

NAMES = PREDICTION.split(", ")
FINDINGS, IMAGE, KEPT, GATE, NEAR = map(
    NAMES.index, ("findings", "image", "prediction_set", "assessment", "alike")
)


@settings(deadline=None)
@given(prediction)
def test_a_row_has_the_fingerprint_of_its_prediction(found):
    assert fingerprint_of(stored(prediction_row(found))) == fingerprint(found)


@settings(deadline=None, max_examples=500)
@given(st.data())
def test_a_row_with_one_character_changed_has_another_unless_it_says_the_same(data):
    real = a_prediction("one")
    row = list(prediction_row(real))
    column = data.draw(st.sampled_from([at for at, cell in enumerate(row) if cell]))
    at = data.draw(st.integers(0, len(row[column]) - 1))
    other = data.draw(st.sampled_from("0 1{}[],:\"'aZ-.e\\") | st.characters(codec="utf-8"))
    row[column] = f"{row[column][:at]}{other}{row[column][at + 1 :]}"
    try:
        bent = fingerprint_of(row) != fingerprint(real)
    except DigestMismatch:
        return
    assert bent or repr(prediction_of(row)) == repr(real)


@pytest.mark.parametrize(
    "write",
    [
        lambda said: json.dumps(said, indent=1),
        lambda said: json.dumps([dict(reversed(finding.items())) for finding in said]),
        lambda said: json.dumps(said, separators=(",", ":")),
    ],
)
def test_findings_that_were_written_in_another_manner_are_read_as_they_are(write):
    row = list(prediction_row(a_prediction("one")))
    row[FINDINGS] = write(json.loads(row[FINDINGS]))
    assert fingerprint_of(row) == fingerprint(a_prediction("one"))


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        # One finding inside another, a brace more, another point behind the one that counts.
        (FINDINGS, '"probability": 0.1', '"probability": [{"label": "Mass"}], "p": 0.1'),
        (FINDINGS, '"tiers": []}', '"tiers": []}, "operating_point": null'),
        (FINDINGS, '"tier": null', '"tier": {}'),
        (FINDINGS, "[{", '[{"label": "Mass"}, {'),
        (IMAGE, '{"rows"', '{"digest": "' + "b" * 64 + '", "rows"'),
        (IMAGE, '"deidentified": "', '"more": 1, "deidentified": "'),
        (KEPT, '"members": [', '"members": [{"label": "Edema"}, '),
        (KEPT, '{"level"', 'null, {"level"'),
        (GATE, '"reasons": [', '"reasons": ["No.", '),
        (NEAR, '"labels": [', '"labels": ["Nodule", '),
        (NEAR, '"among": 40', '"among": 41'),
    ],
)
def test_a_row_with_something_put_in_between_has_another_or_cannot_be_read(column, old, new):
    row = list(prediction_row(a_prediction("one")))
    assert old in row[column]
    row[column] = row[column].replace(old, new, 1)
    with suppress(DigestMismatch):
        assert fingerprint_of(row) != fingerprint(a_prediction("one"))


def test_an_empty_cell_is_no_absent_one():
    bare = a_prediction("one", prediction_set=None, assessment=None, alike=None)
    for column in (KEPT, GATE, NEAR):
        row = list(prediction_row(bare))
        row[column] = "null"
        assert fingerprint_of(row) != fingerprint(bare)
