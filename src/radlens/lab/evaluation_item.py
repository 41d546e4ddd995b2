"""Evaluations and comparisons as entries of the ledger, with their figures and cards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from radlens.domain.comparison import Comparison
from radlens.domain.errors import StorageUnavailable
from radlens.domain.evaluation import Evaluation
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.task import Task
from radlens.lab.evaluation_card import card
from radlens.lab.figures import figures, png
from radlens.lab.record import code, environment
from radlens.ports import Site
from radlens.reports.card_pdf import card_pdf
from radlens.reports.comparison import comparison_parts
from radlens.reports.evaluation import evaluation_parts
from radlens.reports.part import Part
from radlens.usecases.evaluations import APART, CARD, PDF

RECORD = "record.json"

Files = Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Outcome:
    """An entry of the ledger that is not on record yet; its files are, by their digests."""

    item: Item
    files: Files


def evaluated(
    site: Site, found: Evaluation, task: Task, pictures: Files, began: datetime
) -> Outcome:
    """The entry of an evaluation. What is drawn is in files, so that lists of it stay small."""
    body = found.to_json()
    drawn = {}
    for name, spec in figures(found, task).items():
        drawn[f"figures/{name}.json"] = _json(spec)
        drawn[f"figures/{name}.png"] = png(spec)
    images = {**{name: drawn[name] for name in drawn if name.endswith(".png")}, **pictures}
    title = f"{task.title}: {found.subject.model} on {found.subject.dataset}"
    parts = evaluation_parts(found, task, pictures=tuple(images))
    papers = _papers(title, parts, images, f"RadLens · {found.subject.model}", began)
    apart = {name: _json(body.pop(part)) for part, name in APART.items()}
    files = {**apart, **papers, **drawn, **pictures}
    item = Item(
        id=site.new_id(),
        kind=Kind.EVALUATION,
        name=found.subject.model,
        time=began,
        state=State.DONE,
        body=body | _made_by(),
        parents=(found.subject.dataset_id, found.subject.model_digest),
        files=_kept(site, files),
    )
    return Outcome(item, files)


def compared(
    site: Site, found: Comparison, task: Task, evaluation: str, began: datetime
) -> Outcome:
    """The entry of a comparison, made beside an evaluation of the first model."""
    name = f"{found.first.model} against {found.second.model}"
    title = f"{task.title}: {name}"
    files = _papers(title, comparison_parts(found, task), {}, f"RadLens · {name}", began)
    item = Item(
        id=site.new_id(),
        kind=Kind.COMPARISON,
        name=name,
        time=began,
        state=State.DONE,
        body=found.to_json() | _made_by(),
        parents=(
            evaluation,
            found.first.dataset_id,
            found.first.model_digest,
            found.second.model_digest,
        ),
        files=_kept(site, files),
    )
    return Outcome(item, files)


def write(outcome: Outcome, folder: Path) -> None:
    """The entry's files and ``record.json`` in a folder; raises StorageUnavailable."""
    item = outcome.item
    record = {"id": item.id, "kind": item.kind, "time": item.time.isoformat(), **item.body}
    kept = {part: outcome.files[name] for part, name in APART.items() if name in outcome.files}
    record |= {part: json.loads(content) for part, content in kept.items()}
    try:
        for name, content in {**outcome.files, RECORD: _json(record)}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise StorageUnavailable(
            f"{folder} cannot be written: {error.strerror}.",
            hint=f"The entry {item.id} is on record with all its files.",
        ) from error


def _papers(
    title: str, parts: Sequence[Part], images: Files, foot: str, time: datetime
) -> dict[str, bytes]:
    return {
        CARD: card(title, parts).encode(),
        PDF: card_pdf(title, parts, pictures=images, foot=foot, time=time),
    }


def _made_by() -> dict[str, Any]:
    return {"code": code(), "environment": environment()}


def _kept(site: Site, files: Files) -> dict[str, str]:
    return {name: site.blobs.put(content) for name, content in files.items()}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode()
