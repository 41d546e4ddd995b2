"""What the viewer shows of a prediction, as data URIs: the image and a layer for each label."""

from base64 import b64encode
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import streamlit as st

from radlens.domain.heatmap import HeatMap
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.imaging.encode import png
from radlens.imaging.overlay import heat_layer, to_png, values
from radlens.ports import Site
from radlens.usecases.recall import Recalled, recall

KEPT_S = 600  # an image that is erased leaves this process's memory as well
LONGEST = 1024  # pixels of the image as it is sent to the browser
# Colour follows evidence on a grid much finer than the network's; the browser smooths the rest.
LAYER = 64


class Layer(TypedDict):
    """The evidence for one label; ``src`` is None where nothing speaks for it."""

    label: str
    title: str
    src: str | None
    says: str
    peak: str


@dataclass(frozen=True)
class Plates:
    """The pictures of one prediction; ``scale`` is the colour scale from no evidence to peak.

    ``values`` is a PNG of the image's own values, 8 or 16 bits, on which the browser lays windows;
    ``whole`` says whether they are all there are.
    """

    values: str
    whole: bool
    scale: str
    layers: tuple[Layer, ...]


@st.cache_data(max_entries=32, ttl=KEPT_S, show_spinner=False)
def plates(prediction_id: str, *, _site: Site, _task: Task) -> Plates:
    """The pictures of a prediction from its record; raises what ``recall`` raises."""
    recalled = recall(_site, prediction_id)
    sent = values(recalled.scan, longest=LONGEST)
    ramp = HeatMap(np.linspace(0, 1, LAYER, dtype=np.float32)[None].repeat(2, axis=0), 1.0)
    return Plates(
        values=_uri(png(sent)),
        whole=sent.shape == recalled.scan.pixels.shape[:2],
        scale=_uri(to_png(heat_layer(ramp, 2, LAYER))),
        layers=tuple(
            _layer(recalled, finding.label, _task.label(finding.label).title)
            for finding in recalled.prediction.findings
        ),
    )


def _layer(recalled: Recalled, label: str, title: str) -> Layer:
    heat = recalled.heatmap(label)
    if heat is None:
        says = f"No evidence for {title} in this image."
        return Layer(label=label, title=title, src=None, says=says, peak="")
    rows, cols = _grid(recalled.scan)
    return Layer(
        label=label,
        title=title,
        src=_uri(to_png(heat_layer(heat, rows, cols))),
        says=f"Evidence for {title}, at its strongest {heat.peak:.2g} logits.",
        peak=f"peak {heat.peak:.2g} logits",
    )


def _grid(scan: Scan) -> tuple[int, int]:
    scale = LAYER / max(scan.rows, scan.cols)
    return max(2, round(scan.rows * scale)), max(2, round(scan.cols * scale))


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"
