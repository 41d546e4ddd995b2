"""Where a network's weights begin: drawn, published, or what an earlier run made of them."""

import re
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from radlens.domain.bundle import Bundle, bundle_of
from radlens.domain.errors import BadRecipe, NoLiveModel
from radlens.engines.bundle import read_bundle
from radlens.lab.checkpoint import WEIGHTS
from radlens.lab.dataset import Cases
from radlens.lab.logbook import find_run
from radlens.lab.names import plain_names
from radlens.lab.networks import Net
from radlens.lab.recipe import Recipe
from radlens.lab.unfold import unfold
from radlens.lab.weights import load_strictly, published, with_more_labels
from radlens.ports import Site
from radlens.usecases.gate import live_version

# Every member of an ensemble begins with the same weights.
MEMBER = re.compile(r"^members\.\d+\.")
# The name under which a run keeps the weights that it began with.
START = "start.safetensors"
FROM = (
    "A start is scratch, imagenet, live, run:NAME, bundle:FOLDER or a file; paths are from the "
    "recipe."
)


@dataclass(frozen=True)
class Start:
    """What a run's weights come from: entries or digests of bundles.

    ``elsewhere`` is whether the weights lie where nobody promises to keep them.
    """

    parents: tuple[str, ...] = ()
    elsewhere: bool = False


def start_from(network: Net, plan: Recipe, *, folder: Path, site: Site, cases: Cases) -> Start:
    """Fill a network by a recipe's ``start``; a head for other labels stays as it was drawn.

    ``live`` is the version that answers for the task now. Of a card that got labels since, the
    head begins with those that were there. Paths are from ``folder``, where the recipe is. A
    bundle's norms take their statistics from ``cases``, training images. Raises BadRecipe,
    BadBundle, NoLiveModel or NoSuchItem.
    """
    kind, _, name = plan.start.partition(":")
    if plan.start == "scratch":
        return Start()
    if plan.start == "imagenet":
        given = published(plan.architecture)
        bare = {name: MEMBER.sub("", name) for name in network.state_dict()}
        _fill(network, {own: given[name].clone() for own, name in bare.items() if name in given})
        return Start()
    if kind == "run" and name:
        run = find_run(site, name)
        if WEIGHTS not in run.files:
            raise BadRecipe(f"The run {run.id[:12]} has no weights on record yet.")
        _fill(network, load(site.blobs.get(run.files[WEIGHTS])))
        return Start((run.id,))
    if kind == "bundle" and name:
        if not (folder / name).is_dir():
            raise BadRecipe(f"The start {name} is no folder.", hint=FROM)
        bundle = read_bundle(folder / name, site.tasks[plan.task])
        return _from_bundle(network, bundle, plan, cases, elsewhere=True)
    if plan.start == "live":
        return _from_bundle(network, live_bundle(site, plan.task), plan, cases)
    try:
        _fill(network, plain_names(load_file(folder / plan.start)))
    except (OSError, SafetensorError) as error:
        raise BadRecipe(f"The start {Path(plan.start).name} cannot be read.", hint=FROM) from error
    return Start(elsewhere=True)


def live_bundle(site: Site, task: str) -> Bundle:
    """The bundle of the version that answers for a task; raises NoLiveModel, DigestMismatch."""
    version = live_version(site, task)
    if version is None or not version.loadable:
        raise NoLiveModel(f"No live model answers for the task {task}.")
    parts = {name: site.blobs.get(digest) for name, digest in version.files.items()}
    return bundle_of(parts, site.tasks[task], digests=version.files)


def _from_bundle(
    network: Net, bundle: Bundle, plan: Recipe, cases: Cases, *, elsewhere: bool = False
) -> Start:
    made = bundle.manifest.architecture
    if made != plan.architecture:
        raise BadRecipe(
            f"The start {bundle.manifest.version} is a {made}, and the recipe asks for "
            f"{plan.architecture}.",
            hint="A bundle can only go on as the network that it is.",
        )
    unfold(network, bundle.network, cases=cases, spec=plan.input)
    return Start((bundle.digest,), elsewhere=elsewhere)


def _fill(network: Net, weights: dict[str, Tensor]) -> None:
    weights = with_more_labels(network, weights)
    own = network.state_dict()
    for name, parameter in network.named_parameters():
        if parameter is network.head.weight or parameter is network.head.bias:
            given = weights.get(name)
            if given is None or given.shape != own[name].shape:
                weights[name] = own[name]
    load_strictly(network, weights)
