"""Runs on record that nobody trained: what a page makes of them takes no network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from radlens.domain.ledger import State
from radlens.domain.run import Run
from radlens.ports import Site
from tests.lab.tiny import write_recipe

SCORES = (0.25, 0.5, 0.75, 0.75, 0.5)


def put_run(site: Site, folder: Path, scores: Sequence[float] = SCORES, **changes: object) -> Run:
    """Put a run on record: ``put_run(site, folder, frozen=[...], _state=State.FAILED)``.

    ``scores`` are those of its epochs on validation images; ``_x`` are the run's own, the others
    its recipe's.
    """
    own = {name[1:]: changes.pop(name) for name in list(changes) if name[0] == "_"}
    recipe = write_recipe(folder / "tiny.toml", **({"epochs": 9, "patience": 2} | changes))
    run = Run(
        id=site.new_id(),
        name="tiny",
        time=site.clock(),
        task="brain-tumor",
        architecture="small-cnn",
        recipe=recipe.read_text(),
        seed=3,
        dataset="d" * 64,
        code={"version": "1", "sources": "c" * 64},
        environment={"torch": "2"},
        state=State.DONE,
        curve=tuple(
            {"epoch": n, "loss": 2.0 - score, "validation": score, "images": 60, "seconds": 20}
            for n, score in enumerate(scores)
        ),
        progress={"step": 10, "steps": 18, "images_per_s": 3.0, "memory_bytes": 2**31},
        version="small-cnn-1",
    )
    run = replace(run, **own)
    site.ledger.put(run.item())
    return run
