"""The worst errors: where the model was surest and wrong, with what it looked at."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Image
from radlens.domain.evaluation import Failure
from radlens.domain.heatmap import heatmap
from radlens.imaging.overlay import overlay, shown_rgb, to_png
from radlens.imaging.prepare import prepare
from radlens.lab.answers import Answers
from radlens.lab.subject import scan_of
from radlens.model_ports import Engine
from radlens.ports import Blobs

WORST = 3  # of each kind and label
LONGEST, OPACITY = 360, 0.6
FALSE_POSITIVE, FALSE_NEGATIVE = "false positive", "false negative"


def worst(answers: Answers, count: int = WORST) -> list[tuple[int, int, str]]:
    """(case, label, kind) of the most confident errors of each label, the worst first."""
    found = []
    for label in range(len(answers.labels)):
        p, y = answers.probabilities[:, label], answers.truth[:, label]
        said = answers.claimed[:, label]
        for kind, wrong, order in (
            (FALSE_POSITIVE, said & (y == 0), np.argsort(-p, kind="stable")),
            (FALSE_NEGATIVE, ~said & (y == 1), np.argsort(p, kind="stable")),
        ):
            found += [(int(i), label, kind) for i in order[wrong[order]][:count]]
    return found


def failures(
    engine: Engine, blobs: Blobs, images: Sequence[Image], answers: Answers
) -> tuple[tuple[Failure, ...], Mapping[str, bytes]]:
    """The worst errors, and the PNG of each by its file's name: the image beside its heat map."""
    found, pictures = [], {}
    for rank, (case, label, kind) in enumerate(worst(answers), start=1):
        name = answers.labels[label]
        picture = f"failures/{rank:03d}-{name}-{kind.replace(' ', '-')}.png"
        pictures[picture] = to_png(_picture(engine, blobs, images[case], label))
        found.append(
            Failure(
                image=images[case].digest,
                label=name,
                kind=kind,
                truth=_true(answers, case),
                probabilities={
                    other: round(float(p), 5)
                    for other, p in zip(answers.labels, answers.probabilities[case], strict=True)
                },
                picture=picture,
            )
        )
    return tuple(found), pictures


def _true(answers: Answers, case: int) -> tuple[str, ...]:
    return tuple(answers.labels[i] for i in np.flatnonzero(answers.truth[case] == 1))


def _picture(engine: Engine, blobs: Blobs, image: Image, label: int) -> NDArray[np.uint8]:
    """RGB: the image and the heat map of the label in question over it, side by side."""
    scan = scan_of(blobs, image)
    evidence = engine.forward(prepare(scan, engine.manifest.input)[None]).evidence[0, label]
    mapped = overlay(scan, heatmap(evidence), opacity=OPACITY, longest=LONGEST)
    return np.concatenate([shown_rgb(scan, LONGEST), mapped], axis=1)
