"""The part of a card on the training images that a model remembers."""

from collections.abc import Mapping
from typing import Any

from radlens.domain.known import MOST, NEAREST
from radlens.domain.metrics import proportion_of
from radlens.lab.card_calibration import share
from radlens.lab.markdown import table


def known_part(metrics: Mapping[str, Any]) -> list[str]:
    """A section from ``metrics["known_cases"]``; nothing where the model remembers no images."""
    if not (found := metrics.get("known_cases")):
        return []
    counts = {name: proportion_of(found[name]) for name in ("right", "wrong")}
    rows = [
        (name, *((seen.n, seen.hits) if seen else (0, 0)), share(seen))
        for name, seen in counts.items()
    ]
    parts = [
        "## Known cases",
        f"The model remembers {found['remembered']} training images by the features that its last "
        "layer reads, and by their labels; no pixels and no names. They were drawn by the "
        "recipe's seed, one of each patient or near-duplicate group and alike many of each label "
        f"as far as there are. With an answer come the {NEAREST} whose features have the largest "
        "cosine with those of the image. On the test split:",
        table(
            ("answers that were", "n", f"{MOST} or more of {NEAREST} carried the label", "share"),
            rows,
        ),
        "Where a wrong answer has its label on most of them, they share the error: they say how "
        "the network sees the image, and are no second opinion.",
    ]
    return ["\n\n".join(parts)]
