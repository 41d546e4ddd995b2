"""A scan as a job: what comes out is its entry in the ledger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlens.domain.errors import BadJob
from radlens.domain.job import Job
from radlens.lab.memory import keep_freed_memory
from radlens.lab.scan import scan
from radlens.ports import Site
from radlens.usecases.datasets import named
from radlens.usecases.work import Tell


def scan_job(site: Site, job: Job, _folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Scan the dataset that the argument ``dataset`` names; raises BadJob where there is none."""
    reference = job.arguments.get("dataset")
    dataset = named(site, reference) if isinstance(reference, str) and reference else None
    if dataset is None:
        raise BadJob("There is no such dataset to scan.", hint="`radlens data list` names them.")
    keep_freed_memory()
    item = scan(site, dataset, lambda done, of: tell(done, of, "looking at the images"))
    return {"scan": item.id, "dataset": dataset.id}
