"""Whether the heat maps of a network can be believed, measured on the bytes that will be served."""

import numpy as np

from radlens.domain.explanation import Explanation
from radlens.domain.model import InputSpec
from radlens.domain.task import Task
from radlens.lab.dataset import Cases
from radlens.lab.explain_order import deletion_and_insertion
from radlens.lab.explain_pointing import moved, pointing
from radlens.lab.explain_random import randomisation
from radlens.lab.explain_targets import Targets, known_findings, targets
from radlens.ports import Blobs

# Bounds that keep the whole to a few minutes of one core for the largest network here.
RANDOMISED, ORDERED, POINTED = 16, 64, 480


def explanation(
    network: bytes, cases: Cases, spec: InputSpec, *, task: Task, blobs: Blobs, seed: int
) -> Explanation:
    """Measure the maps of an ONNX network on held-out cases; the same seed, the same figures.

    Lesions with known outlines come from the cases' own masks in ``blobs``, or are drawn.
    """
    rng = np.random.default_rng(seed)
    found = known_findings(network, cases, spec, task=task, most=ORDERED, rng=rng)
    deletion, insertion = deletion_and_insertion(network, found, spec, mode=task.mode, rng=rng)
    drawn: Targets | None = targets(cases, task, blobs=blobs, most=POINTED, rng=rng)
    return Explanation(
        randomised=randomisation(network, found.take(RANDOMISED), spec, rng),
        deletion=deletion,
        insertion=insertion,
        pointing=None if drawn is None else pointing(network, moved(drawn, rng), spec),
    )
