"""Whether answer, record, audit log, report and the model that is named all say the same."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from radlens.domain.audit import Act, Verb
from radlens.domain.finding import percent
from radlens.domain.prediction import fingerprint
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.imaging.decode import decode
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.read import read
from radlens.usecases.verify import verify_records
from radlens.wire import prediction_json
from tests.server.conftest import TASK, ask

NEAR = 1e-6  # a probability of another model is further off, as ``_must_differ`` checks

Body = dict[str, Any]


def mixed(
    site: Site,
    folders: Sequence[Path],
    bodies: Mapping[int, Body],
    upload: Callable[[int], bytes],
) -> int:
    """How many answers are not of the model that they name, by image, record or audit log.

    ``bodies`` are the answers by the seed of what was uploaded, ``folders`` the bundles of the
    models. What is on record without an answer counts too. Raises BrokenChain where the log or a
    record was bent.
    """
    verify_records(site)
    acts = {
        entry.act.subject: entry.act
        for entry in site.trail.entries()
        if entry.act.verb == Verb.PREDICT
    }
    models = _models(site, folders)
    _must_differ(site, models, upload(0))
    wrong = sum(
        not _agree(site, body, acts.get(body["prediction_id"]), models, upload(seed))
        for seed, body in bodies.items()
    )
    return wrong + len(acts.keys() ^ {body["prediction_id"] for body in bodies.values()})


def mixed_reports(port: int, bodies: Mapping[int, Body], seeds: Sequence[int]) -> int:
    """How many of the reports that the server makes now are not of the answers to these seeds."""
    return sum(not _reported(port, bodies[seed]) for seed in seeds)


def _models(site: Site, folders: Sequence[Path]) -> dict[str, Engine]:
    """The models by digest, loaded past the registry and past its cache."""
    loaded = (
        OnnxEngine(read_bundle(folder, site.tasks[TASK]), workers=1, cache=folder.parent / "cache")
        for folder in folders
    )
    return {model.ref.digest: model for model in loaded}


def _must_differ(site: Site, models: Mapping[str, Engine], upload: bytes) -> None:
    """No two models may give one answer, or the answers would not be signed."""
    said = [_said(site, model, upload) for model in models.values()]
    for number, one in enumerate(said):
        assert not any(_near(one, other) for other in said[:number])


def _agree(
    site: Site, body: Body, act: Act | None, models: Mapping[str, Engine], upload: bytes
) -> bool:
    record, model = site.records.get(body["prediction_id"]), body["model"]["digest"]
    found = {finding["label"]: finding["probability"] for finding in body["findings"]}
    return (
        model in models
        and models[model].ref.version == body["model"]["version"]
        and _near(found, _said(site, models[model], upload))
        and prediction_json(record, body["file"]) == body
        and act is not None
        and (act.detail["model"], act.detail["findings"]) == (model, found)
        and act.detail["record"] == fingerprint(record)
    )


def _said(site: Site, model: Engine, upload: bytes) -> dict[str, float]:
    [reading] = read(model, [decode(upload, site.bounds)], site.tasks[TASK])
    return {finding.label: finding.probability for finding in reading.findings}


def _near(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one[label] - other[label]) <= NEAR for label in one.keys() | other.keys())


def _reported(port: int, body: Body) -> bool:
    answer = ask(port, "GET", f"/api/v1/predictions/{body['prediction_id']}/report.pdf")
    pages = PdfReader(BytesIO(answer.content)).pages
    words = "".join("".join(page.extract_text().split()) for page in pages)
    said = [body["prediction_id"], body["digest"], body["model"]["digest"]]
    said += [f"Modelversion{body['model']['version']}Model,SHA-256"]
    said += ["".join(percent(finding["probability"]).split()) for finding in body["findings"]]
    return answer.status == 200 and all(part in words for part in said)
