"""What each step of adding a disease does, and what it says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from radlens.domain.audit import Actor
from radlens.domain.dataset import Dataset
from radlens.domain.disease import STEPS, Disease
from radlens.domain.errors import BadJob
from radlens.domain.run import Run
from radlens.lab.checkpoint import write
from radlens.lab.data_card import said
from radlens.lab.disease.classifier import few_words, parts_of, recipe_of, written
from radlens.lab.disease.data import divided, numbers, put_beside, with_synthetic
from radlens.lab.disease.plan import Plan
from radlens.lab.evaluation_run import Plan as Measuring
from radlens.lab.evaluation_run import run_evaluation
from radlens.lab.progress import Bars
from radlens.lab.scan import scan
from radlens.lab.synth.adapt import adapt
from radlens.lab.synth.assess import assess
from radlens.lab.synth.generate import generate
from radlens.lab.train import train
from radlens.lab.train_job import registered
from radlens.ports import Site
from radlens.usecases.datasets import dataset_of, register
from radlens.usecases.extend import extend
from radlens.usecases.gate import live_version, ruling
from radlens.usecases.release import releases

GENERATOR, RUN = "generator", "run"

# The record of a step, and what it came to in a sentence.
Found = tuple[str, str]


@dataclass
class Addition:
    """A disease that is being added. ``here`` is the site as it is, until the card's step."""

    here: Site
    plan: Plan
    entry: Disease
    out: Path
    by: Actor

    def dataset(self, step: str) -> Dataset:
        """The dataset that a step made."""
        return dataset_of(self.here, self.here.ledger.get(self.entry.record(step)))

    @property
    def run(self) -> Run:
        return Run.of(self.here.ledger.get(self.entry.record("training")))

    def put(self, entry: Disease) -> None:
        self.here.ledger.put(entry.item())
        self.entry = entry


def _images(at: Addition, told: Bars) -> Found:
    disease, seen = at.plan.wish.disease, told("dividing the images")
    seed = at.plan.wish.seed
    made = divided(at.here.blobs, at.plan.few, disease, seed=seed, seen=seen)
    register(at.here, made)
    train, val, test = numbers(made, disease)
    return made.id, (
        f"{train} images to learn from, {val} to choose by, {test} to be measured on: few, so "
        "that every figure of the new class is uncertain."
    )


def _beside(at: Addition, told: Bars) -> Found:
    made = put_beside(
        at.here.blobs,
        at.dataset("images"),
        at.plan.beside,
        at.plan.wish,
        task=at.plan.task,
        seen=told("looking for the same pictures among the other classes"),
    )
    register(at.here, made)
    return made.id, f"{len(at.plan.beside.images):,} images of {at.plan.beside.name} beside them."


def _scan(at: Addition, told: Bars) -> Found:
    item = scan(at.here, at.dataset("beside"), told("scanning"))
    return item.id, said(item.body)


def _generator(at: Addition, told: Bars) -> Found:
    wish = at.plan.adaptation(at.entry.record("images"))
    run = adapt(at.plan.site, wish, out=at.out / GENERATOR, seen=told("learning to draw it"))
    return run.id, f"A {run.architecture} generator learned {run.disease} from {run.images} images."


def _synthetic(at: Addition, told: Bars) -> Found:
    order = at.plan.order(at.entry.record("generator"))
    made = generate(at.plan.site, order, seen=told("drawing"))
    return made.id, f"{len(made.images):,} synthetic images."


def _assessment(at: Addition, told: Bars) -> Found:
    made, real = at.entry.record("synthetic"), at.entry.record("beside")
    seed = at.plan.wish.seed
    item = assess(at.plan.site, made, against=real, seed=seed, seen=told("assessing")).item
    rate = item.body["copies"]["rate"]
    return item.id, f"{rate['hits']} of {rate['n']:,} synthetic images are copies."


def _release(at: Addition, told: Bars) -> Found:
    """What is trained on: the synthetic images are among it only if the gate releases them."""
    seen = told("asking whether the synthetic images may be trained on")
    real, disease = at.dataset("beside"), at.plan.wish.disease
    kept = at.here.ledger.get(at.entry.record("assessment")).body["without_copies"]
    if kept is None:
        return real.id, "Trained without synthetic images: every one of them is a copy."
    made = dataset_of(at.here, at.here.ledger.get(kept))
    ruling = releases(at.plan.site, made)[disease]
    if not ruling.released:
        return real.id, f"Trained without synthetic images. {ruling.sentence}"
    both = with_synthetic(at.here.blobs, real, made, task=at.plan.task, seen=seen)
    register(at.here, both)
    return both.id, f"Trained with synthetic images. {ruling.sentence}"


def _training(at: Addition, told: Bars) -> Found:
    data, wish = at.dataset("release"), at.plan.wish
    recipe = at.out / f"{wish.disease}.toml"
    write(recipe, recipe_of(at.plan.live, data, wish).encode())
    run = train(at.plan.site, recipe, data=data.id, out=at.out / RUN, told=told)
    if run is None:
        raise BadJob("A disease is added by one process, not under torchrun.")
    return run.id, few_words(data, wish)


def _evaluation(at: Addition, told: Bars) -> Found:
    bundle = written(parts_of(at.here.blobs, at.run), at.out / "bundle")
    live = live_version(at.here, at.plan.wish.task)
    against = live.digest if live else None
    plan = Measuring(against=against, robustness=False, seed=at.plan.wish.seed)
    found = run_evaluation(at.plan.site, str(bundle), at.entry.record("release"), plan, told)
    words = f"Compared with the live version {live.version}." if live else "Nothing is live."
    return found[-1].item.id, words


def _candidate(at: Addition, told: Bars) -> Found:
    """The label on the card and the version in the registry: both or neither."""
    wish, card, parts = at.plan.wish, at.plan.card, parts_of(at.here.blobs, at.run)
    if wish.disease not in at.here.tasks[wish.task].names:  # else it is done, and not to be stopped
        told("adding the label to the card, and registering the candidate")
    why = f"Adds {wish.disease} ({at.entry.id[:12]})."
    version = registered(
        at.here,
        parts,
        lambda: extend(
            at.here, card, wish.label, lambda: parts, by=at.by, reason=why, source="run"
        ),
    )
    return version.digest, (
        f"The card of {card.name} has the label {wish.disease} at its end, and {version.version} "
        f"is a candidate. {ruling(at.here, version.digest).sentence} An administrator decides."
    )


DOES: Mapping[str, Callable[[Addition, Bars], Found]] = dict(
    zip(
        STEPS,
        (
            _images,
            _beside,
            _scan,
            _generator,
            _synthetic,
            _assessment,
            _release,
            _training,
            _evaluation,
            _candidate,
        ),
        strict=True,
    )
)
