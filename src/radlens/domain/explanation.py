"""Whether a model's heat maps can be believed: what was measured, and what follows from it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from radlens.domain.evaluation import Measure
from radlens.domain.metrics import Proportion

# Where the interval of the rank correlation reaches this, the map with random weights is still
# much the same map: a quarter of the ranks' variance is shared.
TOO_ALIKE = 0.5
UNTESTED = "Whether this model's heat maps show what it looks at has not been tested."
SAME_WITHOUT_WEIGHTS = "they stay much the same when the network's weights are shuffled"
NO_BETTER_DELETED = "hiding what they mark lowers the answer no more than hiding random parts"
NO_BETTER_INSERTED = "showing what they mark raises the answer no more than showing random parts"
NO_BETTER_POINTING = "they find known lesions no more often than the middle of the image does"
TOO_FEW_SEEN = "too few lesions of known outline were recognised to tell where they point"
# Fewer recognised lesions than this say too little about where the maps point.
ENOUGH = 20


@dataclass(frozen=True)
class Randomised:
    """How like the true maps are those of the network with its upper ``share`` of weights shuffled.

    ``spearman`` and ``ssim`` are means over images; 1 is the same map.
    """

    share: float
    spearman: Measure
    ssim: Measure


@dataclass(frozen=True)
class Curve:
    """The label's mean probability while pixels go or come by the map's order or at random.

    ``map`` and ``random`` hold it at equal steps from nothing changed to all; areas are under
    these curves, and ``gain`` is by how much the map's order beats chance, image by image.
    """

    map: tuple[float, ...]
    random: tuple[float, ...]
    map_area: Measure
    random_area: Measure
    gain: Measure


@dataclass(frozen=True)
class Pointing:
    """How often the map's peak lies on the lesion, within ``tolerance_pixels``.

    Counted where the network ``recognised`` the lesion, since no map can point at what was not
    seen. ``centre`` is how often the middle of the image would hit, ``chance`` the share of the
    image that would count; ``on`` says in words what was pointed at. None: nothing to count.
    """

    recognised: Proportion
    peak: Proportion | None
    centre: Proportion | None
    chance: float
    tolerance_pixels: float
    on: str


@dataclass(frozen=True)
class Explanation:
    """What a model's heat maps did in their own tests; ``pointing`` is None without known masks.

    Parameter randomisation: Adebayo et al. 2018, NeurIPS. Deletion and insertion: Petsiuk et al.
    2018, BMVC. Pointing game: Zhang et al. 2018, IJCV.
    """

    randomised: tuple[Randomised, ...]
    deletion: Curve
    insertion: Curve
    pointing: Pointing | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the maps fail, in words; empty where they pass."""
        wrong = {
            SAME_WITHOUT_WEIGHTS: not self.randomised[-1].spearman.high < TOO_ALIKE,
            NO_BETTER_DELETED: not self.deletion.gain.low > 0,
            NO_BETTER_INSERTED: not self.insertion.gain.low > 0,
            TOO_FEW_SEEN: self.pointing is not None and self.pointing.recognised.hits < ENOUGH,
            NO_BETTER_POINTING: self.pointing is not None and _misses(self.pointing),
        }
        return tuple(reason for reason, failed in wrong.items() if failed)

    @property
    def passed(self) -> bool:
        return not self.reasons

    def plain(self) -> dict[str, Any]:
        """As a manifest keeps it, with the verdict, as JSON gives it back."""
        entries = asdict(self) | {"passed": self.passed, "reasons": list(self.reasons)}
        if self.pointing:
            entries["pointing"] |= {
                name: asdict(share) | asdict(share.interval)
                for name in ("recognised", "peak", "centre")
                if (share := getattr(self.pointing, name))
            }
        plain: dict[str, Any] = json.loads(json.dumps(entries, allow_nan=False))
        return plain


def map_warning(metrics: Mapping[str, Any]) -> str:
    """What has to stand beside every heat map of a model with these metrics; "" if it passed."""
    found = metrics.get("explanation")
    if found is None:
        return UNTESTED
    if found["passed"]:
        return ""
    return (
        f"This model's heat maps failed their own test: {'; '.join(found['reasons'])}. "
        "Do not conclude from them where a finding lies."
    )


def _misses(pointing: Pointing) -> bool:
    """Whether enough lesions were seen, and the peak does not surely beat centre and chance."""
    if pointing.recognised.hits < ENOUGH or not (pointing.peak and pointing.centre):
        return False
    return pointing.peak.interval.low <= max(pointing.centre.value, pointing.chance)
