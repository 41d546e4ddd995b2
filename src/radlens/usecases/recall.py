"""What was seen and why, from the record alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import Erased, NoSuchLabel, UnknownTask
from radlens.domain.heatmap import HeatMap, heatmap
from radlens.domain.prediction import Prediction
from radlens.domain.review import Review
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.imaging.encode import restore
from radlens.ports import Site


@dataclass(frozen=True, eq=False)
class Recalled:
    """A prediction with its image and its evidence, shape (labels, rows, cols).

    ``said`` is what readers said of it, oldest first.
    """

    prediction: Prediction
    scan: Scan
    evidence: NDArray[np.float32]
    said: Sequence[Review] = ()

    def heatmap(self, label: str) -> HeatMap | None:
        """The heat map of a label; None where nothing speaks for it, NoSuchLabel if unknown."""
        for finding, evidence in zip(self.prediction.findings, self.evidence, strict=True):
            if finding.label == label:
                return heatmap(evidence)
        raise NoSuchLabel(f"This prediction has no label {label!r}.")


def recall(site: Site, prediction_id: str) -> Recalled:
    """A prediction from the records with its objects; raises NoSuchPrediction, DigestMismatch.

    Raises Erased where they were destroyed on purpose.
    """
    prediction = site.records.get(prediction_id)
    if erased := prediction.erased:
        raise Erased(
            f"The image was erased on {erased.time:%Y-%m-%d} by {erased.by}: {erased.reason}"
        )
    scan = restore(site.blobs.get(prediction.image.digest), prediction.image)
    evidence = np.load(BytesIO(site.blobs.get(prediction.evidence)), allow_pickle=False)
    return Recalled(prediction, scan, evidence, site.reviews.of(prediction_id))


def card_of(site: Site, prediction: Prediction) -> Task:
    """The task card of a prediction; raises UnknownTask where the site has lost it."""
    return card_named(site, prediction.model.task)


def card_named(site: Site, task: str) -> Task:
    """The task card of a name on record; raises UnknownTask where the site has lost it."""
    try:
        return site.tasks[task]
    except KeyError as error:
        raise UnknownTask(
            f"The card of the task {task} is no longer on this site.",
            hint="Put the card back into the tasks folder of RADLENS_HOME.",
        ) from error
