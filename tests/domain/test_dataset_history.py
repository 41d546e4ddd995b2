"""Every way in which a dataset is made has its words, and an unknown one does no harm."""

import pytest

from radlens.domain.dataset_history import how_made

SPLIT = {"made": "split", "val": 0.15, "seed": 3, "kept": ["test"], "dropped": [{}, {}]}
DRAWN = {"made": "synthesis", "generator": "tiny", "disease": "glioma", "seed": 5, "steps": 20}


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({"made": "import", "columns_left_behind": ["name"]}, "Columns left behind: name."),
        (SPLIT, "seed 3. Cut: val 15%. Kept as given: test. Dropped because they repeat"),
        (DRAWN | {"guidance": 2.0}, "by the generator tiny: glioma, seed 5, guidance 2, 20 steps"),
        (
            {"made": "copies dropped", "dropped": ["a"], "before": {"made": "x"}},
            "training image: 1",
        ),
        ({"made": "combined", "real": "scans", "synthetic": "drawn"}, "scans with the synthetic"),
        ({"made": "images of a new disease"}, "of a new disease"),
        ({"made": "reviews", "left_out": {"open": 2}, "models": []}, "Left out: 2 (open)."),
        ({"made": "by hand"}, "Made by: by hand."),
        ({}, "Nobody noted"),
    ],
)
def test_a_history_is_said_in_words(history: dict, words: str) -> None:
    assert words in how_made(history)
