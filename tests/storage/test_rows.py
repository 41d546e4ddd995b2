"""Values <-> rows: nothing is lost, nothing that was not written is read."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radlens.domain.audit import GENESIS, Act, Actor, follow, verify
from radlens.domain.errors import BrokenChain, DigestMismatch
from radlens.domain.finding import Finding, OperatingPoint, Tier, TierRecord
from radlens.domain.gate import Assessment, Verdict
from radlens.domain.known import Alike, KnownCase
from radlens.domain.metrics import Confusion, Interval, Proportion
from radlens.domain.model import ModelRef
from radlens.domain.prediction import ImageRef, Prediction
from radlens.domain.scan import Window
from radlens.domain.uncertainty import Member, PredictionSet
from radlens.storage.rows import (
    PREDICTION,
    entry_of,
    entry_row,
    plain,
    prediction_of,
    prediction_row,
)
from tests.storage.samples import a_prediction, an_act

text = st.text(max_size=20)
digest = st.binary(min_size=32, max_size=32).map(bytes.hex)
number = st.floats(allow_nan=False, allow_infinity=False)
count = st.integers(0, 2**31)
offset = st.integers(-86_399, 86_399).map(lambda s: timezone(timedelta(seconds=s)))
# A fixed offset leaves nothing to fold.
time = st.datetimes(timezones=offset).map(lambda said: said.replace(fold=0))
actor = st.builds(Actor, text, text)
share = st.integers(1, 2**31).flatmap(
    lambda n: st.builds(Proportion, st.integers(0, n), st.just(n))
)
record = st.builds(TierRecord, st.sampled_from(Tier), share, st.integers(1, 99))
point = st.builds(
    OperatingPoint,
    st.none() | number,
    st.none() | st.builds(Confusion, count, count, count, count),
    st.none() | st.builds(Interval, number, number),
    st.lists(record, max_size=3).map(tuple),
)
finding = st.builds(
    Finding, text, number, st.booleans(), st.none() | st.sampled_from(Tier), st.booleans(), point
)
image = st.builds(
    ImageRef,
    digest=digest,
    rows=count,
    cols=count,
    window=st.builds(Window, number, number),
    source=st.sampled_from(["png", "jpeg", "dicom"]),
    modality=st.none() | text,
    spacing_mm=st.none() | st.tuples(number, number),
    frame=count,
    frames=count,
)
model = st.builds(ModelRef, text, text, digest, text)
findings = st.lists(finding, max_size=4).map(tuple)
members = st.lists(st.builds(Member, text, st.booleans(), st.none() | share), max_size=3).map(tuple)
kept = st.none() | st.builds(PredictionSet, number, members, st.none() | share)
assessed = st.none() | st.builds(
    Assessment, st.sampled_from(Verdict), st.lists(text, max_size=3).map(tuple)
)
cases = st.lists(st.builds(KnownCase, st.lists(text, max_size=3).map(tuple), number), max_size=3)
near = st.none() | st.builds(Alike, cases.map(tuple), count, st.none() | share, st.none() | share)
prediction = st.builds(
    Prediction, text, time, actor, model, image, digest, findings, kept, assessed, near
)

plain_value = st.none() | st.booleans() | st.integers() | number | text
detail = st.dictionaries(
    text | st.integers(),
    st.recursive(
        plain_value, lambda v: st.lists(v, max_size=3).map(tuple) | st.lists(v), max_leaves=5
    ),
    max_size=5,
)
act = st.builds(Act, time, actor, text, text, detail)


def stored(row: Sequence[Any]) -> Sequence[Any]:
    """The row after it was bound to a statement and fetched again."""
    with closing(sqlite3.connect(":memory:")) as connection:
        marks = ", ".join("?" * len(row))
        return connection.execute(f"SELECT {marks}", row).fetchone()


@settings(deadline=None)
@given(prediction)
def test_a_prediction_comes_back_bit_for_bit(prediction):
    back = prediction_of(stored(prediction_row(prediction)))
    assert back == prediction
    assert repr(back) == repr(prediction)  # tells -0.0 from 0.0, 1 from 1.0, one zone from another


@settings(deadline=None)
@given(st.lists(act, max_size=3))
def test_a_chain_of_any_acts_verifies_after_it_was_stored(acts):
    entries, previous = [], GENESIS
    for seq, each in enumerate(acts, start=1):
        entry = follow(plain(each), seq=seq, previous=previous)
        entries.append(entry_of(stored(entry_row(entry))))
        previous = entry.digest
    assert verify(entries) == len(acts)


TIME, IMAGE, FINDINGS, KEPT, GATE, NEAR = (
    PREDICTION.split(", ").index(name)
    for name in ("time", "image", "findings", "prediction_set", "assessment", "alike")
)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (TIME, "yesterday"),
        (TIME, None),
        (IMAGE, "{}"),
        (IMAGE, "not json"),
        (IMAGE, "[]"),
        (IMAGE, '{"window": {"low": 0, "high": 1}, "spacing_mm": []}'),
        (IMAGE, '{"window": null, "spacing_mm": null}'),
        (FINDINGS, "[{}]"),
        (FINDINGS, "[1]"),
        (FINDINGS, "null"),
        (FINDINGS, '[{"tier": null, "operating_point": null}]'),
        (FINDINGS, '{"a": 1}'),
        (FINDINGS, b"bytes"),
        (GATE, "{}"),
        (GATE, '{"verdict": "fine", "reasons": []}'),
        (KEPT, "{}"),
        (KEPT, "[1]"),
        (KEPT, '{"level": 0.9, "members": [{"label": "a"}], "whole": null}'),
        (KEPT, '{"level": 0.9, "members": [], "whole": {"hits": 3, "n": 2}}'),
        (NEAR, "{}"),
        (NEAR, '{"cases": [{"labels": []}], "among": 9, "right": null, "wrong": null}'),
        (NEAR, '{"cases": [], "among": 9, "right": {"hits": 3, "n": 2}, "wrong": null}'),
    ],
)
def test_a_row_that_was_not_written_by_us_is_no_prediction(column, value):
    row = list(prediction_row(a_prediction("one")))
    row[column] = value
    with pytest.raises(DigestMismatch, match="one"):
        prediction_of(row)


def test_an_unknown_tier_is_no_prediction():
    row = list(prediction_row(a_prediction("one")))
    row[FINDINGS] = row[FINDINGS].replace('"High"', '"Certain"')
    with pytest.raises(DigestMismatch):
        prediction_of(row)


@pytest.mark.parametrize(
    ("column", "value"),
    [(1, "yesterday"), (2, "2001-01-01T00:00:00.000000+00:00"), (8, "{"), (8, None), (9, "maybe")],
)
def test_a_row_that_was_not_written_by_us_breaks_the_chain_by_its_number(column, value):
    first = follow(plain(an_act(a_prediction("one"))), seq=1, previous=GENESIS)
    row = list(entry_row(first))
    row[column] = value
    with pytest.raises(BrokenChain, match="entry 1"):
        entry_of(row)


def test_times_keep_the_zone_in_which_they_were_said():
    said = datetime(2026, 11, 3, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    back = prediction_of(stored(prediction_row(a_prediction("one", time=said))))
    assert back.time.utcoffset() == timedelta(hours=5, minutes=45)
