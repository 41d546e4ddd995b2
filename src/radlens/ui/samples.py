"""Sample images at hand: synthetic ones that ship with the package."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from radlens.bootstrap import GALLERY
from radlens.domain.errors import RadLensError
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui.intake import Upload

SAMPLES = GALLERY / "samples"


@dataclass(frozen=True)
class Sample:
    """One image: its name starts with the word that the names of its tasks start with."""

    path: Path
    title: str


def samples(task: str, folder: Path = SAMPLES) -> list[Sample]:
    """The samples for a task, in order of their names."""
    part = task.partition("-")[0]
    return [
        Sample(path, f"Read {path.stem.replace('-', ' ')}")
        for path in sorted(folder.glob(f"{part}-*.png"))
    ]


def offer(task: str) -> Upload | None:
    """Buttons with the samples of a task; the one that was pressed, as if it had been sent."""
    found = samples(task)
    if not found:
        return None
    st.caption("No image at hand? Averages of many images, computed and not taken of anyone:")
    pressed = None
    with st.container(horizontal=True, key="samples"):
        for sample in found:
            with st.container(key=f"sample-{sample.path.stem}", width=190):
                st.html(_picture(sample))
                if st.button(sample.title, key=f"read-{sample.path.stem}", width="stretch"):
                    pressed = sample
    if pressed is None:
        return None
    return upload(pressed)


def _picture(sample: Sample) -> str:
    """The image without words of its own: the button below it names it."""
    content = b64encode(sample.path.read_bytes()).decode()
    return f'<img class="rl-sample" alt="" src="data:image/png;base64,{content}">'


def readable(site: Site) -> tuple[Task, Upload] | None:
    """The first sample that a live model of this site can read, with its task."""
    for name in sorted(site.tasks):
        if (found := samples(name)) and live(site, name):
            return site.tasks[name], upload(found[0])
    return None


def live(site: Site, task: str) -> bool:
    """Whether a model answers for a task in this process."""
    try:
        site.live.current(task)
    except RadLensError:
        return False
    return True


def upload(sample: Sample) -> Upload:
    """A sample as if it had been sent."""
    return Upload(sample.path.name, f"sample:{sample.path.name}", sample.path.read_bytes)
