"""A disease where findings stand beside each other: what is stated, and what is unknown."""

from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from radlens.domain.errors import BadOrder, NotThisTask
from radlens.lab.disease.add import add_disease
from radlens.lab.disease.plan import plan_for
from radlens.lab.progress import silent
from radlens.usecases.predict import predict
from tests.builders import TASKS, png, put_live
from tests.lab.disease.ward import ADMIN, ENGINEER, Ward, build, ward
from tests.lab.planted import alike

CHEST = TASKS["chest-xray"]


def readable(here: Ward, n: int) -> list[np.ndarray]:
    """Pictures that the tiny model does not take for something else."""
    found: list[np.ndarray] = []
    for seed in count(9000):
        with suppress(NotThisTask):
            predict(here.site, png(alike(seed)), task=CHEST.name, by=ENGINEER)
            found.append(alike(seed))
        if len(found) == n:
            break
    return found


def test_a_finding_is_added_where_somebody_states_that_the_other_images_are_without_it(
    tmp_path: Path,
) -> None:
    with ward(build(tmp_path / "built", CHEST), tmp_path / "copy", CHEST) as here:
        wish = here.wish("Scoliosis", here.images("Scoliosis", readable(here, 10)))
        with pytest.raises(BadOrder, match="stand beside") as refused:
            plan_for(here.site, wish)
        assert "--others-without" in refused.value.hint
        stated = replace(wish, others_without=True)
        added = add_disease(
            here.site, stated, out=tmp_path / "out", by=ENGINEER, told=lambda _: silent
        )

        beside = here.dataset(added.record("beside"))
        assert beside.history["others_without"] == "stated, not looked at"
        n = len(CHEST.names)
        few = [image for image in beside.images if image.file.startswith("Scoliosis")]
        assert {image.truth for image in few} == {((None,) * n + (1.0,))}
        others = [image for image in beside.images if image not in few]
        assert (len(few), len(others), {image.truth[n] for image in others}) == (10, 68, {0.0})
        assert {sum(image.truth[:n]) for image in others} == {1.0}

        compared = here.site.ledger.get(added.record("evaluation"))
        measured = here.site.ledger.get(compared.parents[0]).body["scores"]["labels"]
        cases = ("positives", "negatives", "unknown")
        assert [measured["Scoliosis"][name] for name in cases] == [2, 16, 0]
        assert measured["Mass"]["unknown"] == 2
        assert compared.body["labels"]["Scoliosis"]["auroc"] is None

        version = here.site.registry.get(added.record("candidate"))
        assert version.facts["statement"].endswith(
            "That no other image shows it was stated, not looked at."
        )
        put_live(here.site, version.digest, by=ADMIN)
        assert here.site.live.current(CHEST.name).manifest.labels == (*CHEST.names, "Scoliosis")
