"""The card's part on heat maps: what they did in their own tests, and whether they passed."""

from collections.abc import Mapping
from typing import Any

from radlens.domain.explanation import map_warning
from radlens.lab.markdown import said, table


def explanation_part(metrics: Mapping[str, Any]) -> str:
    """The section, from ``metrics["explanation"]``; says so where nothing was tested."""
    found, verdict = metrics.get("explanation"), map_warning(metrics)
    parts = ["## Heat maps", f"**{verdict or 'The heat maps passed their own tests.'}**"]
    if found is None:
        return "\n\n".join(parts)
    stages = [
        (f"{stage['share']:.0%}", said(stage["spearman"]), said(stage["ssim"]))
        for stage in found["randomised"]
    ]
    curves = [
        (name, *(said(found[name][part]) for part in ("map_area", "random_area", "gain")))
        for name in ("deletion", "insertion")
    ]
    parts += [
        "Likeness to the maps of the same network with weights shuffled, from the head down "
        "(Adebayo et al. 2018); 1 is the same map, and by the last row it has to be another one:",
        table(("weights shuffled", "rank correlation", "structural similarity"), stages),
        "Area under the label's probability while pixels are hidden or shown in the map's order "
        "(Petsiuk et al. 2018), and what the map gains over a random order; the gain has to be "
        "surely above zero:",
        table(("", "by the map", "at random", "gain"), curves),
        _pointing(found["pointing"]),
    ]
    return "\n\n".join(parts)


def _pointing(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "No lesions with known outlines were at hand to point at."
    shares = (("the map's peak", found["peak"]), ("the middle", found["centre"]))
    rows = [
        (name, f"{share['hits']} of {share['n']}", said({**share, "value": _rate(share)}))
        for name, share in shares
        if share
    ]
    seen = found["recognised"]
    return "\n\n".join(
        [
            f"Pointing game (Zhang et al. 2018) on {found['on']}, within "
            f"{found['tolerance_pixels']:.0f} pixels; {found['chance']:.1%} of the image would "
            f"count as a hit. {seen['hits']} of {seen['n']} lesions were recognised; hits among "
            "these:",
            table(("", "hits", "rate (95 % interval)"), rows),
        ]
    )


def _rate(share: Mapping[str, Any]) -> float:
    return float(share["hits"] / share["n"])
