"""What ``radlens runs`` and ``radlens study`` do, once a site is open; imports the lab."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from radlens.cli.say import lab_extra
from radlens.domain.ledger import Kind
from radlens.domain.run import Run, differences
from radlens.ports import Site
from radlens.storage.ledger import item_row

with lab_extra("runs"):
    from radlens.lab.again import finish_again, reproduce
    from radlens.lab.logbook import find_run
    from radlens.lab.study import study


def show_runs(site: Site, *, as_json: bool) -> None:
    """Print the runs, the newest first."""
    runs = [Run.of(item) for item in site.ledger.items(Kind.RUN)]
    if as_json:
        click.echo(json.dumps([_brief(run) for run in runs], indent=1))
    elif not runs:
        click.echo("Nothing was trained yet. `radlens train RECIPE --data D --out F` does it.")
    else:
        head = ("run", "began", "name", "state", "epochs", "best validation", "version")
        _table(head, [_line(run) for run in runs])


def show_run(site: Site, reference: str, *, as_json: bool) -> None:
    """Print one run."""
    run = find_run(site, reference)
    if as_json:
        item = run.item()
        whole = {"id": item.id, "state": item.state, "parents": item.parents, "files": item.files}
        click.echo(json.dumps(whole | _brief(run) | dict(item.body), indent=1))
        return
    facts = {
        "run": run.id,
        "state": f"{run.state} {run.error}".strip(),
        "began": run.time.isoformat(sep=" ", timespec="seconds"),
        "task": f"{run.task}, {run.architecture}, seed {run.seed}",
        "dataset": run.dataset,
        "comes from": ", ".join(run.parents),
        "code": f"{run.code['version']} ({run.code['sources'][:16]})",
        "machine": ", ".join(f"{name} {value}" for name, value in run.environment.items()),
        "weights": run.weights,
        "version": run.version,
        **_figures(run),
    }
    _table(("", ""), [(name, value) for name, value in facts.items() if value])
    rows = [
        (f"{row['epoch'] + 1:.0f}", f"{row['loss']:.4f}", f"{row['validation']:.4f}")
        for row in run.curve
    ]
    _table(("epoch", "training loss", "validation score"), rows)
    click.echo(run.recipe)


def compare_runs(site: Site, one: str, other: str, *, as_json: bool) -> None:
    """Print where two runs differ."""
    first, second = find_run(site, one), find_run(site, other)
    apart = {name: list(pair) for name, pair in differences(first, second).items()}
    left, right = _figures(first), _figures(second)
    figures = {name: [left.get(name), right.get(name)] for name in left | right}
    if as_json:
        runs = [_brief(first), _brief(second)]
        click.echo(json.dumps({"runs": runs, "differences": apart, "figures": figures}, indent=1))
        return
    head = ("", first.id[:12], second.id[:12])
    rows = [(name, *map(_cell, pair)) for name, pair in apart.items()]
    weights = "the same" if first.weights == second.weights else "different"
    _table(head, [*rows, ("weights", weights, "")])
    _table(head, [(name, *map(_cell, pair)) for name, pair in figures.items()])


def reproduce_run(site: Site, reference: str, *, as_json: bool) -> bool:
    """Train again, say whether the weights are the same, and what may explain it if not."""
    run, repeat = reproduce(site, reference)
    same = run.weights == repeat.weights
    apart = {name: list(pair) for name, pair in differences(run, repeat).items()}
    if as_json:
        said = {"run": run.id, "repeat": repeat.id, "same": same, "differences": apart}
        click.echo(json.dumps(said, indent=1))
        return same
    what = "The same weights" if same else "Other weights"
    click.echo(f"{what}: {run.weights[:16]} and now {repeat.weights[:16]} (run {repeat.id[:12]}).")
    for name, pair in apart.items():
        click.echo(f"  {name}: {_cell(pair[0])} then, {_cell(pair[1])} now")
    return same


def finish_run(site: Site, reference: str, *, out: Path | None) -> None:
    """Finish again and say where the bundle is."""
    run = finish_again(site, reference, out=out)
    folder = (out or Path(reference)) / run.task
    click.echo(f"The bundle is ready: {folder}  (run {run.id[:12]})")


def run_study(site: Site, recipe: Path, *, data: str, out: Path | None, as_json: bool) -> None:
    """Run a study, write its report, and print what each step did."""
    done = study(site, recipe, data=data)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("report.md", "figure.json"):
            (out / name).write_bytes(site.blobs.get(done.files[name]))
        (out / "study.json").write_text(json.dumps(item_row(done.item()), indent=1) + "\n")
    if as_json:
        click.echo(json.dumps({"id": done.id} | dict(done.item().body), indent=1))
        return
    rows = []
    for step in done.steps:
        apart = step.difference
        said = f"{apart.value:+.3f} ({apart.low:+.3f} to {apart.high:+.3f})"
        rows.append((step.before, step.after, str(step.per_class), said, str(step.verdict)))
    _table(("from", "to", "images per class", "accuracy", "verdict"), rows)
    click.echo(f"Study {done.id[:12]}" + (f", report in {out}" if out else ""))


def _brief(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "task": run.task,
        "time": run.time.isoformat(timespec="seconds"),
        "state": run.state,
        "epochs": len(run.curve),
        "best_validation": run.best,
        "version": run.version,
        "weights": run.weights,
    }


def _line(run: Run) -> tuple[str, ...]:
    return (
        run.id[:12],
        run.time.isoformat(sep=" ", timespec="minutes"),
        run.name,
        f"{run.state}, repeats {run.reproduces[:12]}" if run.reproduces else str(run.state),
        str(len(run.curve)),
        _cell(run.best),
        run.version,
    )


def _figures(run: Run) -> dict[str, str]:
    """The whole model's figures with their intervals, as they are said."""
    return {
        name.replace("_", " "): f"{m['value']:.3f} ({m['low']:.3f} to {m['high']:.3f})"
        for name, m in run.metrics.items()
        if isinstance(m, Mapping) and "value" in m
    }


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    drawn = Table(*head, show_header=any(head))
    for row in rows:
        drawn.add_row(*row)
    Console(width=None if Console().is_terminal else 160).print(drawn)
