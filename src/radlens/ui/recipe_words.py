"""What a recipe does, in plain words, entry by entry."""

from collections.abc import Iterator, Mapping
from typing import Any

from radlens.ui.markup import many

Entries = Mapping[str, Any]
STARTS = {
    "scratch": "random weights, drawn by the seed",
    "imagenet": "weights that were published for photographs (ImageNet)",
    "live": "the weights of the version that answers now",
}
MOVED = {"scale": "scaled", "shift": "moved"}
CHANGED = ("brightness", "contrast", "gamma", "noise")


def told(recipe: Entries) -> dict[str, str]:
    """Each matter of a recipe and what it says; nothing where it was written for other code."""
    try:
        return _told(recipe)
    except (KeyError, TypeError, ValueError):
        return {}


def _told(recipe: Entries) -> dict[str, str]:
    rows = {
        "Network": f"{recipe['architecture']}, reading {recipe['size']} x {recipe['size']} pixels",
        "Starts from": started(str(recipe["start"])),
        "Layers that keep their start": kept(recipe),
        "How long": _long(recipe),
        "Learning rate": _rate(recipe),
        "Held back": _held(recipe),
        "Rare classes": _rare(recipe),
        "Images, changed anew each time": _augmented(recipe["augment"]),
        "Synthetic images": _synthetic(recipe),
        "Which epoch is kept": _which(recipe),
        "Seed": str(recipe["seed"]),
    }
    return {name: words for name, words in rows.items() if words}


def started(start: str) -> str:
    """What a run begins with."""
    kind, _, name = start.partition(":")
    if kind == "run":
        return f"the weights that the run {name[:12]} ended with"
    return STARTS.get(start, "weights from a file or bundle that lies beside the recipe")


def kept(recipe: Entries) -> str:
    """How many groups of layers do not learn."""
    frozen = recipe["frozen"]
    if not frozen:
        return "none: every layer learns"
    shown = ", ".join(name.rstrip(".") for name in frozen[:3])
    more = f" and {len(frozen) - 3} more" if len(frozen) > 3 else ""
    return f"those whose names begin with {shown}{more}; all others learn"


def _long(recipe: Entries) -> str:
    sizes = "".join(f"; {side} pixels from epoch {at + 1}" for at, side in recipe.get("sizes", ()))
    return (
        f"at most {many(recipe['epochs'], 'epoch')} of all training images, {recipe['batch']} at a "
        f"time; it stops after {many(recipe['patience'], 'epoch')} without a better score{sizes}"
    )


def _rate(recipe: Entries) -> str:
    body, head = recipe["lr"], recipe["head_lr"]
    last = f", {head:g} for the last layer" if head != body else ""
    return (
        f"{body:g} at its peak{last}; it rises for the first {recipe['warmup']:.0%} of the steps "
        "and then falls to nothing along half a cosine"
    )


def _held(recipe: Entries) -> str:
    found = [f"weight decay {recipe['weight_decay']:g}"]
    if recipe["label_smoothing"]:
        found.append(f"labels softened by {recipe['label_smoothing']:g}")
    if recipe.get("mixup"):
        found.append(f"images mixed in pairs (alpha {recipe['mixup']:g})")
    if recipe["ema"]:
        found.append(f"the weights that count are a moving average (decay {recipe['ema']:g})")
    return "; ".join(found)


def _rare(recipe: Entries) -> str:
    power, focal = recipe["class_weighting"], recipe.get("loss", {}).get("focal_gamma", 0)
    found = [
        f"an error counts by the inverse frequency of its class to the power {power:g}"
        if power
        else "every image counts alike"
    ]
    if focal:
        found.append(f"what is right already counts less (focal, gamma {focal:g})")
    return "; ".join(found)


def _augmented(change: Entries) -> str:
    return "; ".join(_changes(change)) or "not changed at all"


def _changes(change: Entries) -> Iterator[str]:
    if change["rotate_deg"]:
        yield f"turned by up to {change['rotate_deg']:g} degrees"
    for name, word in MOVED.items():
        if change[name]:
            yield f"{word} by up to {change[name]:.0%} of its side"
    if found := [f"{name} {change[name]:g}" for name in CHANGED if change[name]]:
        yield f"{', '.join(found)} at most"
    if change["flip_lr"]:
        yield f"mirrored left to right with chance {change['flip_lr']:g}"
    if change["flip_ud"]:
        yield f"turned upside down with chance {change['flip_ud']:g}"


def _synthetic(recipe: Entries) -> str:
    found = recipe.get("synthetic")
    if not found:
        return ""
    share, weight = found.get("share", 1), found.get("weight", 1)
    return f"at most {share:.0%} of the training images; each counts {weight:g} beside a real one"


def _which(recipe: Entries) -> str:
    if recipe.get("keep", "best") == "last":
        return "the last one"
    return "the one with the best score on validation images, which the training never sees"
