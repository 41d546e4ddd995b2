"""A card gets a label, a model of it goes live, and whoever knew the card before goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from radlens.domain.audit import Outcome, Verb
from radlens.domain.errors import BadBundle, Conflict, RadLensError
from radlens.domain.task import Label, Urgency
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


def with_model(site: Site, folder: Path, label: Label = MOYAMOYA) -> str:
    """The digest of the first version that knows the label, which is on the card from now on."""
    card = site.tasks[TASK]
    bundle = tiny_bundle(folder / "five", card.extended(MOYAMOYA), seed=5, version="five")
    return extend(site, card, label, lambda: read_parts(bundle), by=ME).digest


def test_a_model_of_the_new_label_answers_in_every_process_and_can_be_rolled_back(
    process: Process, tmp_path: Path
) -> None:
    with process() as here, process() as there:
        four = said(there)
        version = with_model(here, tmp_path)
        assert said(here) == four  # the model before knows nothing of it, and goes on
        put_live(here, version, by=ME)
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
        version = with_model(site, tmp_path)
        found = preview(site, version)
        names = site.tasks[TASK].names
        assert (found.images, [label.label for label in found.labels]) == (1, [*names])
        assert found.labels[-1].live.hits == 0
        put_live(site, version, by=ME)
        back = preview(site, f"{TASK}/tiny-1")
        assert (back.images, back.labels[-1].candidate.hits) == (1, 0)


def test_a_model_of_labels_that_the_card_never_had_is_refused(
    process: Process, tmp_path: Path
) -> None:
    with process() as site:
        bundle = tiny_bundle(tmp_path / "five", site.tasks[TASK].extended(MOYAMOYA), seed=5)
        with pytest.raises(BadBundle, match="labels"):
            register(site, lambda: read_parts(bundle), by=ME)


@pytest.mark.parametrize(
    ("label", "error"),
    [(TASKS[TASK].label("glioma"), Conflict), (replace(MOYAMOYA, name="other"), BadBundle)],
)
def test_a_label_that_is_there_or_that_the_model_lacks_leaves_nothing_but_its_refusal(
    process: Process, tmp_path: Path, label: Label, error: type[RadLensError]
) -> None:
    with process() as site:
        versions = site.registry.versions()
        with pytest.raises(error):
            with_model(site, tmp_path, label)
        *_, last = site.trail.entries()
        assert (last.act.verb, last.act.outcome) == (Verb.EXTEND_TASK, Outcome.REFUSED)
        assert site.tasks[TASK] == TASKS[TASK]
        assert site.registry.versions() == versions
