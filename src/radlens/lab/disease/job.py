"""Adding a disease as a job: what comes out is a candidate, and an entry of every step."""

from collections.abc import Mapping
from pathlib import Path
from re import fullmatch
from typing import Any

from radlens.domain.disease import Wish
from radlens.domain.errors import BadJob
from radlens.domain.job import Job
from radlens.lab.disease.add import add_disease
from radlens.lab.progress import Seen
from radlens.ports import Site
from radlens.usecases.work import Tell


def disease_job(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Add a disease by the arguments of ``Wish``; raises BadJob, and what ``add_disease`` raises.

    ``task``, ``disease``, ``images`` (a dataset on record), ``title``, ``meaning`` and ``urgency``
    are needed; ``prompt``, ``n``, ``generator``, ``data`` and ``seed`` may be left out. Gives the
    id of the entry as ``disease``, and the candidate's ``version`` and ``digest``.
    """
    wish = Wish.of(job.arguments)
    if not fullmatch(r"[\w][\w .+-]{0,99}", wish.generator):
        raise BadJob(  # whoever queues it may not be whoever may read the worker's files
            f"A queued job cannot use the generator {wish.generator[:100]!r}.",
            hint="It uses one by its kind, name or id; `radlens disease add` also a folder's.",
        )

    def told(words: str) -> Seen:
        tell(0, 0, words)
        return lambda done, of: tell(done, of, words)

    added = add_disease(site, wish, out=folder, by=job.by, told=told)
    version = site.registry.get(added.record("candidate"))
    return {"disease": added.id, "version": version.version, "digest": version.digest}
