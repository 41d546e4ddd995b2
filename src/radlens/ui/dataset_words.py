"""A dataset in words: how it came to be, how even its classes are, how much is known."""

from collections.abc import Iterator, Mapping
from typing import Any

from radlens.domain.dataset import HELD_OUT, TRAIN
from radlens.domain.dataset_history import how_made
from radlens.domain.ledger import Item
from radlens.domain.task import Task
from radlens.ui.markup import bar


def title(task: Task | None, label: str) -> str:
    """A label's title; its name where the site has lost the card."""
    return task.label(label).title if task and label in task.names else label


def place(split: str) -> tuple[int, str]:
    """Where a split stands: train, val, test, then the others by name."""
    known = (TRAIN, *HELD_OUT)
    return known.index(split) if split in known else len(known), split


def lines(item: Item, task: Task | None) -> list[str]:
    """What a dataset is for, since when it is on record, and how it was made."""
    body = item.body
    purpose = task.title if task else f"{body['task']}, whose card is not on this site"
    recorded = f"on record since {item.time:%Y-%m-%d %H:%M %Z}"
    return [f"For {purpose}; version {item.id[:12]}, {recorded}.", how_made(body["history"])]


def imbalance(item: Item, task: Task | None) -> Iterator[str]:
    """Of each split the most and the least frequent label, and how far they are apart."""
    for split, entry in item.body["splits"].items():
        counts = {name: found["positive"] for name, found in entry["labels"].items()}
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[most] == counts[least]:
            yield f"{split or 'not split'}: {counts[most]:,} of each label."
            continue
        times = f": {counts[most] / counts[least]:.1f} times as many" if counts[least] else ""
        yield (
            f"{split or 'not split'}: {title(task, most)} {counts[most]:,}, "
            f"{title(task, least)} {counts[least] or 'none'}{times}."
        )


def counted(found: Mapping[str, int]) -> str:
    """Positive images of a label, with those of which nobody knows."""
    unknown = f" ({found['unknown']:,} unknown)" if found["unknown"] else ""
    return f"{found['positive']:,}{unknown}"


def completeness(name: str, known: int, images: int) -> tuple[object, ...]:
    """A row: what is known, its share as a bar, of how many images."""
    share = known / images if images else 0
    return name.capitalize(), bar(share), f"{known:,} of {images:,}"


def values(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A row for each thing that is known, with how often each value is, the most frequent first."""
    each = {**found["values"], "synthetic": found["synthetic"] or {"none": 0}}
    return [(name.capitalize(), _often(counts)) for name, counts in each.items()]


def _often(counts: Mapping[str, int]) -> str:
    sorted_counts = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{value} {n:,}" if n else value for value, n in sorted_counts)
