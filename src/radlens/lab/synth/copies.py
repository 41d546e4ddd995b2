"""Does a made image repeat a training image? In its pixels, and in what two networks see of it.

The yardstick are held-out real images: they cannot be copies, so hardly any may be accused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Image
from radlens.domain.evaluation import Measures
from radlens.domain.scan import Scan, Window
from radlens.imaging.prepare import shown
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.duplicates import LEAST, RATIO, SAME
from radlens.lab.scores import auroc
from radlens.lab.synth.features import EMBEDDINGS, PIXELS, Views
from radlens.lab.synth.fidelity import RESAMPLES, distances
from radlens.lab.synth.pixels import Near

# Of the held-out images so many may be accused, a third by each of three signs.
ACCUSED = 0.01
PLANTED, NOISE = 10, 8.0

Array = NDArray[np.floating]
Flags = NDArray[np.bool_]
Units = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Both:
    """The views of images, and what the networks make of the same images ``mirrored``."""

    views: Views
    mirrored: Mapping[str, Array]

    def take(self, which: Flags) -> "Both":
        """Those of the images."""
        mirrored = {name: values[which] for name, values in self.mirrored.items()}
        return Both(self.views.take(which), mirrored)

    def away(self, name: str, real: Views) -> Array:
        """How far each is from each real image, whichever way round, (n, m)."""
        seen = np.asarray(real.features[name], np.float64)
        turned = (self.views.features[name], self.mirrored[name])
        one, other = (distances(np.asarray(x, np.float64), seen) for x in turned)
        return np.minimum(one, other)


@dataclass(frozen=True, eq=False)
class Signs:
    """What speaks for n images being copies.

    ``agreement`` (n,): how well the pixels of the nearest training image agree. ``alone`` (n,):
    how much nearer that one is than the nearest held-out image, as a ratio of what is missing to
    full agreement. ``ratios``: the same by what each network sees, of both distances.
    """

    agreement: Array
    alone: Array
    ratios: Mapping[str, Array]


@dataclass(frozen=True)
class Limits:
    """Beyond which an image is accused, by the signs."""

    pixels: float
    alone: float
    ratios: Mapping[str, float]


def repeats(held: list[Image], train: list[Image], near: Near, rivals: tuple[Near, Near]) -> Flags:
    """Which held-out images show what a training image shows, perhaps mirrored, (n,).

    They can be no yardstick. ``near`` is the nearest training image, ``rivals`` the nearest of
    another unit and the nearest other held-out one: any third image, as in ``lab.duplicates``. Two
    known patients are two, however alike.
    """
    two = [bool(h.patient and train[t].patient) for h, t in zip(held, near.which, strict=True)]
    nearer = np.max([alone(near, rival) for rival in rivals], axis=0)
    again = (near.agreement >= SAME) | (nearer <= RATIO)
    return np.asarray(again & ~np.array(two, bool))


def alone(near: Near, rival: Near) -> Array:
    """What is missing to agreement with ``near`` over what is missing with ``rival``, (n,).

    The ratio test of Lowe (2004, IJCV 60, section 7.1): noise spoils both alike, and only a copy is
    far nearer to one image than to any other. Infinite where ``near`` does not agree well.
    """
    ratio = (1 - near.agreement) / (1 - rival.agreement + 1e-6)
    return np.where(near.agreement >= LEAST, ratio, np.inf)


def ratios(images: Both, train: Views, held: Views, same: Flags | None = None) -> dict[str, Array]:
    """By embedding the distance to the nearest training image over that to the nearest held-out
    one, (n,); of the held-out themselves ``same`` (n, m) says which are of one unit."""
    found = {}
    for name in EMBEDDINGS:
        others = images.away(name, held)
        if same is not None:
            others[same] = np.inf
        found[name] = images.away(name, train).min(1) / (others.min(1) + 1e-9)
    return found


def limits(held: Signs) -> Limits:
    """The limits that accuse at most ``ACCUSED`` of the held-out images that the signs are of."""
    allowed = int(ACCUSED / 3 * len(held.agreement))
    return Limits(
        pixels=max(SAME, float(np.sort(held.agreement)[::-1][allowed])),
        alone=min(RATIO, float(np.sort(held.alone)[allowed])),
        ratios={name: float(np.sort(r)[allowed]) for name, r in held.ratios.items()},
    )


def accused(signs: Signs, limit: Limits) -> Flags:
    """Which images are copies, (n,).

    Their pixels agree beyond the limit, or they agree well and a training image is nearer than
    held-out images ever are: in the pixels, or to both networks.
    """
    networks = np.all([signs.ratios[name] < limit.ratios[name] for name in EMBEDDINGS], axis=0)
    well = signs.agreement >= LEAST
    return np.asarray(
        (signs.agreement > limit.pixels) | (signs.alone < limit.alone) | (well & networks)
    )


def membership(
    made: Both, near: tuple[Near, Near], real: tuple[Views, Views], units: tuple[Units, Units]
) -> Measures:
    """By view the chance that a training image is nearer to some made image than a held-out one.

    One half where nothing tells who was trained on; ``near``, ``real`` and ``units`` are those of
    training and of held-out images. Intervals draw the units of both again.
    """
    closeness = {name: [-made.away(name, side).min(0) for side in real] for name in EMBEDDINGS} | {
        PIXELS: [each.likeness.max(0) for each in near]
    }
    rng = np.random.default_rng(0)
    weight = np.hstack([resamples(unit, rng, RESAMPLES) for unit in units])
    truth = np.repeat([1.0, 0.0], [len(side) for side in real])
    return {
        name: measure(auroc(truth, np.concatenate(sides), weight), len(truth))
        for name, sides in closeness.items()
    }


def mirrored(scans: Iterable[Scan]) -> Iterator[Scan]:
    """Each scan with left and right exchanged."""
    for scan in scans:
        yield replace(scan, pixels=scan.pixels[:, ::-1])


def planted(scans: Iterable[Scan], seed: int) -> Iterator[Scan]:
    """Copies as a generator might hide them: mirrored, shifted, noisy, in turn and together."""
    rng = np.random.default_rng(seed)
    for at, scan in enumerate(scans):
        grey: Array = shown(scan) * np.float32(255)
        if at % 3 == 0 or at % 5 == 0:
            grey = grey[:, ::-1]
        if at % 3 == 1 or at % 5 == 0:
            reach = rng.choice((-1, 1), 2) * np.array(grey.shape) // 20
            grey = np.roll(grey, reach, (0, 1))
        if at % 3 == 2 or at % 5 == 0:
            grey = grey + rng.normal(0, NOISE, grey.shape)
        pixels = np.ascontiguousarray(grey.clip(0, 255).round().astype(np.uint8))
        yield Scan(pixels, Window(0, 255), "png")
