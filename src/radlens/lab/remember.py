"""Known cases for a finished bundle whose weights nobody has any more.

All of it comes from the exported network, the manifest and the dataset that it was trained on; what
the network answers stays the same.
"""

import json
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

from radlens.domain.bundle import MANIFEST, Bundle
from radlens.domain.calibration import probabilities
from radlens.domain.errors import BadBundle
from radlens.domain.model import Manifest
from radlens.engines.bundle import read_bundle
from radlens.lab.answers import Answers
from radlens.lab.bundles import digests, parts_of, write_bundle
from radlens.lab.card import trained_card
from radlens.lab.export import run
from radlens.lab.finish import IN_MANIFEST, tensor
from radlens.lab.known import exposed, recalled, remembered
from radlens.lab.operating import claims
from radlens.lab.progress import bar, progress
from radlens.lab.recipe import recipe_of
from radlens.lab.record import code, environment, facts
from radlens.lab.train import splits_for
from radlens.ports import Site


def remember(site: Site, folder: Path, data: str) -> Bundle:
    """Let a bundle remember training images of its dataset, and measure what that is worth.

    Raises BadBundle where it does so already, or was trained on other data or too few images.
    """
    task = site.tasks[Manifest.from_json((folder / MANIFEST).read_bytes()).task]
    bundle = read_bundle(folder, task)
    made, text = bundle.manifest, bundle.manifest.provenance["recipe"]
    plan = recipe_of(tomllib.loads(text), text)
    with progress() as bars:
        splits = splits_for(site, plan, data, partial(bar, bars))
    if facts(splits, task)["sha256"] != made.provenance["dataset"]["sha256"]:
        raise BadBundle(f"The bundle was not trained on {data}.")
    which = remembered(splits.train, most=plan.known_cases, seed=plan.seed)
    if bundle.known or not len(which):
        raise BadBundle("The bundle has known cases, or its data has none to remember.")
    network = exposed(bundle.network)
    answer, truth = run(network, tensor(splits.test, plan.input)), splits.test.truth
    p = probabilities(answer.logits, task.mode, made.calibration)
    claimed = claims(made.operating_points, p)
    answers = Answers(p, truth, claimed, splits.test.unit, task.names, task.mode)
    assert answer.features is not None  # noqa: S101 - the network was exposed above
    known, found = recalled(
        network,
        splits.train.take(which),
        plan.input,
        features=answer.features,
        answers=answers,
    )
    by = {"code": code(), "environment": environment()}
    made = replace(
        made,
        metrics={**made.metrics, "known_cases": found},
        provenance={**made.provenance, "remembered_by": by},
    )
    fields = json.loads(made.to_json())
    card = trained_card(task, {**made.provenance, **{n: fields[n] for n in IN_MANIFEST}})
    parts = parts_of(network, card, known)
    return read_bundle(write_bundle(folder, replace(made, files=digests(parts)), parts, task), task)
