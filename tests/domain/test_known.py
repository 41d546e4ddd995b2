"""The nearest training images are the nearest, and a file of anything else is refused."""

import json
import pickle
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from sklearn.neighbors import NearestNeighbors

from radlens.domain.errors import BadBundle
from radlens.domain.known import (
    NO_OPINION,
    Alike,
    KnownCase,
    KnownCases,
    alike_sentences,
    case_words,
)
from radlens.domain.metrics import Proportion
from tests.builders import TASKS, known_content
from tests.storage.samples import FINDINGS

TUMOUR, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(5, 60), st.floats(1e-3, 1e3))
def test_the_nearest_are_those_that_scikit_learn_finds(seed: int, n: int, scale: float):
    content = known_content(4, n=n, channels=16)
    known = KnownCases.of(content, TUMOUR.names, None)
    features = scale * np.abs(np.random.default_rng(seed).normal(size=(7, 16)))
    oracle = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(known.features)
    distances, order = oracle.kneighbors(features)
    found, cosines = known.nearest(features)
    np.testing.assert_allclose(cosines, 1 - distances, atol=1e-6)
    for row, (mine, theirs) in enumerate(zip(found, order, strict=True)):
        every = np.sort(oracle.kneighbors(features[row : row + 1], n_neighbors=n)[0][0])
        if np.diff(every).min() > 1e-6:  # else either of two may come first
            np.testing.assert_array_equal(mine, theirs)


def test_what_is_kept_of_an_image_comes_back_and_its_own_nearest_is_itself():
    known = KnownCases.of(known_content(4), TUMOUR.names, None)
    assert known.features.shape == (40, 8)
    found = known.alike(3 * known.features[6])
    assert found.cases[0].labels == (TUMOUR.names[6 % 4],)
    assert found.cases[0].likeness == 1
    assert [case.likeness for case in found.cases] == sorted(
        (case.likeness for case in found.cases), reverse=True
    )
    assert Alike.of(json.loads(json.dumps(asdict(found)))) == found


def test_features_of_nothing_are_near_nothing_and_still_numbers():
    found = KnownCases.of(known_content(4), TUMOUR.names, None).alike(np.zeros(8, np.float32))
    assert [case.likeness for case in found.cases] == [0] * 5


def tensors(**changes: np.ndarray) -> dict[str, np.ndarray]:
    features = np.zeros((8, 3), np.float16)
    features[:, 0] = 1
    return {"features": features, "truth": np.zeros((8, 4), np.uint8), **changes}


def spoiled() -> dict[str, bytes]:
    good, head = save(tensors()), tensors()["features"]
    unlike, far, no_number = (head.copy() for _ in range(3))
    unlike[3] *= 2
    no_number[2, 1] = np.nan
    far[0, 0] = np.inf
    length = int.from_bytes(good[:8], "little")
    named = json.loads(good[8 : 8 + length])
    named["features"]["shape"] = [3, 8]
    swapped = json.dumps(named).encode()
    return {
        "nothing": b"",
        "a pickle": pickle.dumps(tensors()),
        "a header without end": (2**60).to_bytes(8, "little") + good[8:],
        "a header that is no JSON": good[:8] + b"\x80" + good[9:],
        "deep JSON": (9000).to_bytes(8, "little") + b"[" * 9000,
        "cut off": good[:-1],
        "more behind": good + b"\0",
        "names inside": save(tensors(), metadata={"patient": "Jane"}),
        "another tensor": save(tensors(files=np.zeros(3, np.uint8))),
        "a missing tensor": save({"features": head}),
        "32 bits": save(tensors(features=head.astype(np.float32))),
        "too few": save(tensors(features=head[:4], truth=np.zeros((4, 4), np.uint8))),
        "another label": save(tensors(truth=np.zeros((8, 5), np.uint8))),
        "a truth of two": save(tensors(truth=np.full((8, 4), 2, np.uint8))),
        "no truth for one": save(tensors(truth=np.zeros((7, 4), np.uint8))),
        "not of length one": save(tensors(features=unlike)),
        "no number": save(tensors(features=no_number)),
        "without bound": save(tensors(features=far)),
        "other shapes": len(swapped).to_bytes(8, "little") + swapped + good[8 + length :],
    }


def test_a_sound_file_is_read():
    assert KnownCases.of(save(tensors()), TUMOUR.names, None).truth.shape == (8, 4)


@pytest.mark.parametrize("kind", spoiled())
def test_anything_else_is_refused(kind: str):
    with pytest.raises(BadBundle, match="known cases"):
        KnownCases.of(spoiled()[kind], TUMOUR.names, None)


def test_impossible_counts_are_refused():
    worth = {"right": {"hits": 3, "n": 2}, "wrong": None}
    with pytest.raises(BadBundle):
        KnownCases.of(known_content(4), TUMOUR.names, worth)


MASS, NONE = KnownCase(("Mass",), 0.914), KnownCase((), 0.5)
BOTH = KnownCase(("Mass", "Edema"), 0.8)
NEAR = Alike((MASS, BOTH, BOTH, NONE, NONE), 40, Proportion(48, 50), Proportion(6, 10))


def test_what_was_reported_is_counted_among_the_nearest_in_plain_words():
    first, worth, caveat = alike_sentences(NEAR, FINDINGS, CHEST)
    assert first == "Of the 5 most alike training images 2 were labelled Edema."
    assert worth.startswith(
        "Most of the 5 carried the answer's label for 48 of 50 held-out answers that were right "
        "(96.0 %, 95 % interval "
    )
    assert ", and for 6 of 10 held-out answers that were wrong (60.0 %" in worth
    assert caveat == NO_OPINION
    assert case_words(MASS, CHEST) == "Mass, likeness 0.91"
    assert case_words(NONE, CHEST) == "nothing that was looked for, likeness 0.50"


def test_where_nothing_is_reported_those_without_a_label_are_counted():
    first, *_ = alike_sentences(NEAR, FINDINGS[:1], CHEST)
    assert first == (
        "Of the 5 most alike training images 2 were labelled with nothing that was looked for."
    )


def test_what_was_not_measured_is_said_so():
    bare = replace(NEAR, right=None, wrong=None)
    assert "has not been measured" in alike_sentences(bare, FINDINGS, CHEST)[1]
    half = replace(NEAR, wrong=None)
    assert "wrong" not in alike_sentences(half, FINDINGS, CHEST)[1]
