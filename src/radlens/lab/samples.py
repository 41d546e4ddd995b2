"""Sample images that belong to nobody: phantoms drawn by code, for trying RadLens out.

``python -m radlens.lab.samples`` draws them into ``gallery/samples`` again, bit for bit.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from radlens.lab.phantoms import Plane, brain_with_mass, chest, noisy, straight


def samples() -> Mapping[str, bytes]:
    """PNG bytes by file name."""
    drawn = {}
    for seed, (name, draw) in enumerate({"chest": chest, "brain": brain_with_mass}.items(), 1):
        rng = np.random.default_rng(seed)
        drawn[f"{name}-phantom.png"] = _png(noisy(draw(rng, straight()), rng))
    return drawn


def _png(image: Plane) -> bytes:
    stream = BytesIO()
    Image.fromarray((image * 255).round().astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def main() -> None:
    """Write the samples to where the package keeps them."""
    folder = Path(__file__).parents[1] / "gallery" / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in samples().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
