"""What a scan and its header say against reading it for a task, before a network sees it."""

from collections.abc import Iterator

import numpy as np

from radlens.domain.gate import Assessment, Verdict, united
from radlens.domain.scan import Scan
from radlens.domain.task import Task

SMALLEST = 32  # pixels a side
SMALL = 64
# A pixel is coloured where its channels differ by this part of the window. Chroma that JPEG leaves
# on grey edges stays below; an annotation is a small share of coloured pixels, a photograph is not.
COLOURED = 0.15
ANNOTATED, PHOTOGRAPH = 0.002, 0.2


def check(scan: Scan, task: Task) -> Assessment:
    """Size, colour, modality and body part; where the header says nothing, nothing is held."""
    return united([*_size(scan), *_colour(scan), *_modality(scan, task), *_body_part(scan, task)])


def _size(scan: Scan) -> Iterator[Assessment]:
    if min(scan.rows, scan.cols) < SMALL:
        verdict = Verdict.DOUBTFUL
        if min(scan.rows, scan.cols) < SMALLEST:
            verdict = Verdict.REFUSED
        yield Assessment(verdict, (f"It has only {scan.cols} x {scan.rows} pixels.",))


def _colour(scan: Scan) -> Iterator[Assessment]:
    share = coloured_share(scan)
    if share > PHOTOGRAPH:
        yield Assessment(
            Verdict.REFUSED, ("It is in colour, as photographs are, and a scan is not.",)
        )
    elif share > ANNOTATED:
        yield Assessment(Verdict.DOUBTFUL, ("It has parts in colour, which no scan has.",))


def coloured_share(scan: Scan) -> float:
    """The share of pixels whose channels clearly differ; 0 for a grey image."""
    if scan.pixels.ndim == 2:
        return 0.0
    spread = np.ptp(scan.pixels, axis=2).astype(np.float32)
    return float(np.mean(spread > COLOURED * (scan.window.high - scan.window.low)))


def _modality(scan: Scan, task: Task) -> Iterator[Assessment]:
    """OT and SC (other, secondary capture) are what a scanned film may be called."""
    if scan.modality is None or scan.modality in task.modalities:
        return
    verdict = Verdict.DOUBTFUL if scan.modality in ("OT", "SC") else Verdict.REFUSED
    meant = " or ".join(task.modalities)
    yield Assessment(verdict, (f"Its header says modality {scan.modality}, not {meant}.",))


def _body_part(scan: Scan, task: Task) -> Iterator[Assessment]:
    """A doubt only: this entry was wrong in one of seven headers (Gueld et al. 2002, SPIE 4685)."""
    if scan.body_part and task.body_parts and scan.body_part not in task.body_parts:
        meant = " or ".join(task.body_parts)
        yield Assessment(
            Verdict.DOUBTFUL, (f"Its header says body part {scan.body_part}, not {meant}.",)
        )
