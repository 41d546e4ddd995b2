"""The image beside its heat map; opacity and label change in the browser, without a call."""

from pathlib import Path
from typing import Any

import streamlit as st

from radlens.domain.prediction import Prediction
from radlens.ui.plates import Plates

HERE = Path(__file__).parent


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_viewer = st.components.v2.component(
    "radlens.viewer", html=_part("viewer.html"), css=_part("viewer.css"), js=_part("viewer.js")
)


def view(prediction: Prediction, plates: Plates, *, start: str) -> None:
    """Show image and evidence side by side, at first for the label ``start``."""
    _viewer(key=f"viewer-{prediction.id}", data=_data(prediction, plates, start))


def _data(prediction: Prediction, plates: Plates, start: str) -> dict[str, Any]:
    image = prediction.image
    frame = f"frame {image.frame} of {image.frames}, " if image.frames > 1 else ""
    return {
        "id": prediction.id,
        "image": plates.image,
        "scale": plates.scale,
        "size": [image.cols, image.rows],
        "caption": f"Image as it was read ({frame}{image.cols} x {image.rows} pixels)",
        "layers": list(plates.layers),
        "start": start,
        "warning": prediction.model.map_warning,
    }
