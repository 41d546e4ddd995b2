"""A version is not to be used any more."""

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import WrongStage
from radlens.domain.registry import Stage, Version, move
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.follow import follow


def retire(
    site: Site, reference: str, *, by: Actor, reason: str = "", out_of_service: bool = False
) -> Version:
    """Retire a version; a live one only if its task is to be ``out_of_service`` from now on.

    Raises NoSuchVersion or WrongStage.
    """
    with attempted(site, Verb.RETIRE_MODEL, reference, by=by):
        version = site.registry.get(reference)
        if version.stage is Stage.LIVE and not out_of_service:
            raise WrongStage(
                f"The version {version.version} is live; without it nothing answers for "
                f"{version.task}.",
                hint="Activate another version or roll back; or say that the task is to be out of "
                "service.",
            )
        time = site.clock()
        leaves = move(version, Stage.RETIRED, time=time, by=by, reason=reason, share=None)
        detail = {
            "task": version.task,
            "version": version.version,
            "before": version.stage,
            "reason": reason,
        }
        site.registry.move([leaves], Act(time, by, Verb.RETIRE_MODEL, version.digest, detail))
    follow(site)
    return site.registry.get(version.digest)
