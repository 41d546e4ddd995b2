"""The image and its heat map; whatever changes how they look happens in the browser alone."""

from pathlib import Path
from typing import Any

import streamlit as st

from radlens.domain.prediction import Prediction
from radlens.ui.plates import Plates

HERE = Path(__file__).parent


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_viewer = st.components.v2.component(
    "radlens.viewer",
    html=_part("viewer.html"),
    css=_part("viewer.css"),
    js=_part("viewer_values.js") + _part("viewer_sight.js") + _part("viewer.js"),
)


def view(prediction: Prediction, plates: Plates, *, start: str) -> None:
    """Show image and evidence, side by side or overlaid, at first for the label ``start``."""
    _viewer(key=f"viewer-{prediction.id}", data=_data(prediction, plates, start))


def view_alone(prediction: Prediction, plates: Plates) -> None:
    """Show the image without anything that a model made of it."""
    alone = {"layers": [], "start": "", "warning": ""}
    _viewer(key=f"viewer-alone-{prediction.id}", data=_data(prediction, plates, "") | alone)


def _data(prediction: Prediction, plates: Plates, start: str) -> dict[str, Any]:
    image = prediction.image
    frame = f"frame {image.frame} of {image.frames}, " if image.frames > 1 else ""
    return {
        "id": prediction.id,
        "values": plates.values,
        # The way that the table of access guards; the log tells of whoever fetches it.
        "full": None if plates.whole else f"/api/v1/predictions/{prediction.id}/image.png",
        "scale": plates.scale,
        "size": [image.cols, image.rows],
        "spacing": image.spacing_mm and list(image.spacing_mm),
        "window": [image.window.low, image.window.high],
        "preset": "As the file says" if image.source == "dicom" else "As it was read",
        "caption": f"Image as it was read ({frame}{image.cols} x {image.rows} pixels)",
        "layers": list(plates.layers),
        "start": start,
        "warning": prediction.model.map_warning,
    }
