"""``radlens predict`` and ``radlens batch``: files in, answers out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from radlens.cli.say import say
from radlens.domain.audit import Actor, Verb
from radlens.domain.errors import BadInput, RadLensError, StorageFull, StorageUnavailable
from radlens.domain.finding import sentence
from radlens.domain.known import alike_sentences
from radlens.domain.prediction import Prediction
from radlens.domain.uncertainty import set_sentences
from radlens.ports import Site
from radlens.usecases.batch import Outcome, batch
from radlens.usecases.disclose import disclose
from radlens.wire import PredictionJson, failed_json, prediction_json


def predict_files(
    site: Site,
    files: Sequence[Path],
    *,
    task: str,
    by: Actor,
    as_json: bool,
    recorded: bool,
    heatmaps: Path | None,
    report: Path | None,
) -> list[RadLensError]:
    """Read the files and print their answers in the order given; returns what went wrong."""
    if report and len(files) > 1:
        raise BadInput("A report is written for one file at a time.", hint="Name one file.")
    outcomes = {outcome.file: outcome for outcome in batch(site, files, task=task, by=by)}
    ordered = [outcomes[file] for file in files]
    if as_json:
        click.echo(
            json.dumps([_json(outcome, task, recorded=recorded) for outcome in ordered], indent=1)
        )
    for outcome in ordered:
        answer = outcome.answer
        if isinstance(answer, RadLensError):
            say(answer, outcome.file)
            continue
        if not as_json:
            _show(site, outcome.file, answer, recorded=recorded)
        if heatmaps:
            # Two files of one name in different folders are different images.
            name = f"{outcome.file.stem}-{answer.image.digest[:8]}"
            _write_heatmaps(site, answer, heatmaps, name, by=by)
        if report:
            _write_report(site, answer, report, by=by)
    return [o.answer for o in ordered if isinstance(o.answer, RadLensError)]


def batch_files(site: Site, sources: Sequence[Path], *, task: str, by: Actor, out: Path) -> None:
    """Append one line a file to ``out``, skipping the files that already have one."""
    from rich.progress import track

    done = _already_in(out)
    todo = [file for file in _expanded(sources) if str(file) not in done]
    failed = 0
    outcomes = batch(site, todo, task=task, by=by, run=str(out.absolute()))
    try:
        with out.open("a", encoding="utf-8") as stream:
            for outcome in track(outcomes, "Reading", total=len(todo), disable=not todo):
                failed += isinstance(outcome.answer, RadLensError)
                stream.write(json.dumps(_json(outcome, task, recorded=True)) + "\n")
                stream.flush()
    except OSError as error:
        raise StorageFull(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(
        f"{len(todo)} files read, {failed} of them could not be; "
        f"{len(done)} were there already. Results: {out}"
    )


def _json(outcome: Outcome, task: str, *, recorded: bool) -> PredictionJson:
    file, answer = str(outcome.file), outcome.answer
    if isinstance(answer, RadLensError):
        return failed_json(answer, file=file, task=task)
    shape = prediction_json(answer, file)
    return shape if recorded else PredictionJson(**{**shape, "prediction_id": None})


def _show(site: Site, file: Path, answer: Prediction, *, recorded: bool) -> None:
    card = site.tasks[answer.model.task]
    click.echo(f"\n{file}  [{card.title}, model {answer.model.version}]")
    click.echo(f"  {'DOUBTFUL: ' if answer.doubtful else ''}{answer.admission}")
    for finding in sorted(answer.findings, key=lambda f: -f.probability):
        mark = f"{finding.tier}" if finding.tier else "-"
        click.echo(f"  {mark:9} {sentence(finding, card.label(finding.label))}")
        if finding.tier:
            click.echo(f"            {finding.tier.advice}")
    for line in set_sentences(answer.prediction_set, card) if answer.prediction_set else ():
        click.echo(f"  {line}")
    if near := answer.alike:
        for line in alike_sentences(near, answer.findings, card):
            click.echo(f"  {line}")
    click.echo(f"  {answer.model.statement}")
    click.echo(f"  On record as {answer.id}." if recorded else "  Not put on record.")


def _write_heatmaps(site: Site, answer: Prediction, folder: Path, name: str, *, by: Actor) -> None:
    from radlens.imaging.overlay import overlay, to_png

    recalled = disclose(site, answer.id, Verb.VIEW_HEATMAP, by=by)
    for finding in answer.findings:
        picture = overlay(recalled.scan, recalled.heatmap(finding.label), opacity=0.5)
        _write(folder / f"{name}.{finding.label}.png", to_png(picture))


def _write_report(site: Site, answer: Prediction, path: Path, *, by: Actor) -> None:
    from radlens.reports.pdf import pdf

    recalled = disclose(site, answer.id, Verb.DOWNLOAD_REPORT, by=by)
    card = site.tasks[answer.model.task]
    content = pdf(
        answer, task=card, scan=recalled.scan, evidence=recalled.evidence, said=recalled.said
    )
    _write(path, content)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise StorageUnavailable(
            f"{path} cannot be written: {error.strerror}.", hint="Name another place."
        ) from error


def _expanded(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            yield from sorted(path for path in source.rglob("*") if path.is_file())
        else:
            yield source


def _already_in(out: Path) -> set[str]:
    """The files that have a line; a last line that was cut short by a kill is taken away."""
    if not out.exists():
        return set()
    whole = out.read_bytes()
    kept = whole[: whole.rfind(b"\n") + 1]
    if kept != whole:
        out.write_bytes(kept)
    try:
        return {json.loads(line)["file"] for line in kept.splitlines()}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{out} holds lines that are not from `radlens batch`.", hint="Name another file."
        ) from error
