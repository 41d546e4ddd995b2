"""How a dataset came to be, in words: the one home of what its ``history`` says."""

from collections.abc import Callable, Mapping
from typing import Any

History = Mapping[str, Any]


def how_made(history: History) -> str:
    """A sentence or two for people, of any dataset on record."""
    made = history.get("made", "")
    if made in WORDS:
        return WORDS[made](history)
    return f"Made by: {made}." if made else "Nobody noted how it was made."


def _imported(history: History) -> str:
    left = ", ".join(history.get("columns_left_behind", ())) or "none"
    middle = history.get("middle_slices", 0)
    return (
        "Imported: pixels as PNG, patients as numbers, no file names. "
        f"Columns left behind: {left}. Volumes of which the middle slice was taken: {middle}."
    )


def _split(history: History) -> str:
    shares = {name: f"{history[name]:.0%}" for name in ("val", "test") if name in history}
    cut = ", ".join(f"{name} {share}" for name, share in shares.items()) or "nothing"
    return (
        "Split by patient or near-duplicate group, rare labels first, "
        f"seed {history['seed']}. Cut: {cut}. "
        f"Kept as given: {', '.join(history['kept']) or 'nothing'}. "
        f"Dropped because they repeat an image of a held-out split: {len(history['dropped'])}."
    )


def _drawn(history: History) -> str:
    return (
        f"Drawn by the generator {history['generator']}: {history['disease']}, seed "
        f"{history['seed']}, guidance {history['guidance']:g}, {history['steps']} steps."
    )


def _without_copies(history: History) -> str:
    return (
        f"{how_made(history['before'])} Dropped because they repeat a training image: "
        f"{len(history['dropped'])}."
    )


def _combined(history: History) -> str:
    return f"{history['real']} with the synthetic images of {history['synthetic']} in train."


def _reviewed(history: History) -> str:
    left = ", ".join(f"{n} ({why})" for why, n in history["left_out"].items()) or "none"
    return (
        "From the reviews of this site: the truth of each image is what a reader signed, who "
        f"had seen the answer of a model; each says which review. Left out: {left}. Models: "
        f"{', '.join(digest[:12] for digest in history['models'])}."
    )


WORDS: Mapping[str, Callable[[History], str]] = {
    "import": _imported,
    "split": _split,
    "synthesis": _drawn,
    "copies dropped": _without_copies,
    "combined": _combined,
    "reviews": _reviewed,
    "images of a new disease": lambda _: "A few images of a new disease, as they were handed in.",
}
