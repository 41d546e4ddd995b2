"""What the records of this site say should be done next, each with the command that does it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Kind
from radlens.domain.model import Manifest
from radlens.domain.study import Study, Verdict
from radlens.ports import Site
from radlens.ui.roadmap import manifests
from radlens.ui.samples import live
from radlens.ui.versions import interval

ANY_BETTER = 0.5  # an area under the curve that chance reaches as well


class Advice(NamedTuple):
    """What to do, what on record says so, and how it is done."""

    what: str
    because: str
    how: str = ""


def next_steps(site: Site) -> list[Advice]:
    """The most basic first: something to answer, something measured, data to be trusted."""
    return [*_models(site), *_evaluations(site), *_datasets(site), *_labels(site), *_studies(site)]


def _models(site: Site) -> Iterator[Advice]:
    for name in sorted(site.tasks):
        if not live(site, name):
            title = site.tasks[name].title
            how = f"radlens train RECIPE.toml --data NAME --out runs/{name}"
            yield Advice(f"Train a model for {title}", "no live model answers for it", how)


def _evaluations(site: Site) -> Iterator[Advice]:
    measured = {digest for item in site.ledger.items(Kind.EVALUATION) for digest in item.parents}
    for task in sorted(site.tasks):
        if live(site, task) and site.live.current(task).ref.digest not in measured:
            because = "no evaluation of its live version is on record on this site"
            how = f"radlens evaluate {task} --dataset NAME --out report/"
            yield Advice(f"Measure {site.tasks[task].title} on images of your own", because, how)


def _datasets(site: Site) -> Iterator[Advice]:
    scanned = {
        parent: item for item in site.ledger.items(Kind.SCAN)[::-1] for parent in item.parents
    }
    for item in site.ledger.items(Kind.DATASET):
        scan = scanned.get(item.id)
        if scan is None:
            how = f"radlens data scan {item.name}"
            yield Advice(f"Scan the dataset {item.name}", "nobody looked for leaks in it", how)
        elif across := len(scan.body["across"]):
            because = f"its scan found {across:,} pairs that leak from one split into another"
            yield Advice(f"Split {item.name} anew", because, f"radlens data split {item.name}")


def _labels(site: Site) -> Iterator[Advice]:
    for manifest in manifests(site):
        if weakest := _weakest(manifest):
            name, entry = weakest
            title = site.tasks[manifest.task].label(name).title
            auroc = Measure.of(entry["auroc"])
            chance = auroc.low <= ANY_BETTER
            because = (
                f"the lowest AUROC of {manifest.version}: {interval(auroc)} from "
                f"{entry['positives']:,} positive cases"
                + (", which chance may reach as well" if chance else "")
            )
            yield Advice(f"More cases of {title}", because)


def _weakest(manifest: Manifest) -> tuple[str, Mapping[str, Any]] | None:
    """The label whose AUROC may be lowest, by the lower end of its interval."""
    labels = manifest.metrics.get("labels", {})
    known = {name: entry for name, entry in labels.items() if entry.get("auroc")}
    return min(known.items(), key=lambda pair: pair[1]["auroc"]["low"]) if known else None


def _studies(site: Site) -> Iterator[Advice]:
    for study in map(Study.of, site.ledger.items(Kind.STUDY)):
        for step in study.steps:
            if step.verdict is not Verdict.HELPED:
                because = (
                    f"the study {study.name}, {step.per_class} images a class: against "
                    f"{step.before} it {step.verdict}, {interval(step.difference)}"
                )
                yield Advice(f"Something else than {step.after}", because)
