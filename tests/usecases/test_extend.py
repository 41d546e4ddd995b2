"""A card gets a label, a model of it goes live, and whoever knew the card before goes on."""

from pathlib import Path

import pytest

from radlens.domain.audit import Outcome, Verb
from radlens.domain.errors import BadBundle, Conflict
from radlens.domain.task import Label, Task, Urgency
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from radlens.usecases.activate import roll_back
from radlens.usecases.extend import extend
from radlens.usecases.follow import follow
from radlens.usecases.predict import predict
from radlens.usecases.preview import preview
from radlens.usecases.register import register
from tests.builders import TASKS, picture, png, put_live, tiny_bundle
from tests.usecases.conftest import Process
from tests.versions import ME

TASK = "brain-tumor"
IMAGE = png(picture())
MOYAMOYA = Label("moyamoya", "Moyamoya disease", "Vessels narrow slowly.", Urgency.CRITICAL)


def said(site: Site) -> tuple[str, ...]:
    found = predict(site, IMAGE, task=TASK, by=ME)
    return tuple(finding.label for finding in found.findings)


def with_model(site: Site, folder: Path, card: Task) -> str:
    bundle = tiny_bundle(folder / "five", card, seed=5, version="five")
    return register(site, lambda: read_parts(bundle), by=ME).digest


def test_a_model_of_the_new_label_answers_in_every_process_and_can_be_rolled_back(
    process: Process, tmp_path: Path
) -> None:
    with process() as here, process() as there:
        four = said(there)
        card = extend(here, here.tasks[TASK], MOYAMOYA, by=ME)
        assert said(here) == four  # the model before knows nothing of it, and goes on
        put_live(here, with_model(here, tmp_path, card), by=ME)
        assert follow(there)
        assert said(here) == said(there) == (*four, "moyamoya")
        assert there.tasks[TASK].label("moyamoya") == MOYAMOYA
        roll_back(there, TASK, by=ME, reason="a test asks")
        assert follow(here)
        assert said(here) == said(there) == four


def test_the_new_model_is_previewed_and_tried_beside_the_one_that_lacks_its_label(
    process: Process, tmp_path: Path
) -> None:
    with process() as site:
        said(site)
        card = extend(site, site.tasks[TASK], MOYAMOYA, by=ME)
        version = with_model(site, tmp_path, card)
        found = preview(site, version)
        assert (found.images, [label.label for label in found.labels]) == (1, [*card.names])
        assert found.labels[-1].live.hits == 0
        put_live(site, version, by=ME)
        back = preview(site, f"{TASK}/tiny-1")
        assert (back.images, back.labels[-1].candidate.hits) == (1, 0)


def test_a_model_of_labels_that_the_card_never_had_is_refused(
    process: Process, tmp_path: Path
) -> None:
    with process() as site:
        card = site.tasks[TASK].extended(MOYAMOYA)
        with pytest.raises(BadBundle, match="labels"):
            with_model(site, tmp_path, card)


def test_a_label_that_is_there_is_refused_and_the_refusal_is_on_record(process: Process) -> None:
    with process() as site:
        glioma = TASKS[TASK].label("glioma")
        with pytest.raises(Conflict, match="already"):
            extend(site, site.tasks[TASK], glioma, by=ME)
        *_, last = site.trail.entries()
        assert (last.act.verb, last.act.outcome) == (Verb.EXTEND_TASK, Outcome.REFUSED)
        assert site.tasks[TASK] == TASKS[TASK]
