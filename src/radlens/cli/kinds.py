"""What does each kind of job: the one place where a kind gets its work.

The lab is imported by the worker that needs it, and by nobody before.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlens.cli.say import lab_extra
from radlens.domain.job import Job, JobKind
from radlens.ports import Site
from radlens.usecases.work import Tell, Work

SYNTH = "lab,synth"


def _train(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("train"):
        from radlens.lab.train_job import train_job
    return train_job(site, job, folder, tell)


def _scan(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("data"):
        from radlens.lab.scan_job import scan_job
    return scan_job(site, job, folder, tell)


def _adapt(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("synth adapt", extra=SYNTH):
        from radlens.lab.synth.jobs import adapt_job
    return adapt_job(site, job, folder, tell)


def _generate(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("synth generate", extra=SYNTH):
        from radlens.lab.synth.jobs import generate_job
    return generate_job(site, job, folder, tell)


def _assess(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("synth assess", extra=SYNTH):
        from radlens.lab.synth.jobs import assess_job
    return assess_job(site, job, folder, tell)


def _disease(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    with lab_extra("disease add", extra=SYNTH):
        from radlens.lab.disease.job import disease_job
    return disease_job(site, job, folder, tell)


KINDS: Mapping[str, Work] = {
    JobKind.TRAIN: _train,
    JobKind.SCAN: _scan,
    JobKind.ADAPT: _adapt,
    JobKind.GENERATE: _generate,
    JobKind.ASSESS: _assess,
    JobKind.DISEASE: _disease,
}
