"""An assessment in words, for people."""

from collections.abc import Mapping
from typing import Any

from radlens.lab.markdown import said, table

WHAT = {
    "classifier": "the task's own classifier",
    "imagenet": "EfficientNet-Lite0 (ImageNet)",
    "pixels": "pixels, mirrored and shifted",
}
FIGURES = {
    "fid": "Frechet distance",
    "kid": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}
HOW = (
    "Real stands for as many training images, held against the same held-out images. The Frechet "
    "distance is that of the first principal components of the features (64 at most, and a quarter "
    "of the images at most), because a covariance of more cannot be estimated from so few images; "
    "it can be compared with nothing outside of this card. The kernel distance uses all features "
    "and is unbiased. Intervals (95 %) draw patients, or near-duplicate groups, again."
)


def assessment_card(name: str, body: Mapping[str, Any]) -> str:
    """Markdown of an entry's ``body``."""
    images, real = body["images"], body["real"]
    parts = [
        f"# {name}: what its synthetic images are worth",
        f"{images['made']} synthetic images against {real['name']} (`{real['id'][:12]}`): "
        f"{images['train']} real training images, {images['held_out']} held-out real ones.",
    ]
    if again := len(body["repeated"]):
        parts.append(
            f"**{again} held-out images show what a training image shows, mirrored or not.** They "
            "were left out here; whatever was measured on them flatters."
        )
    parts += ["## Copies", _copies(body["copies"]), "## The whole", HOW, _figures(body["whole"])]
    parts.append("\n".join(f"- {judge}: {what}" for judge, what in body["judges"].items()))
    for label, figures in body["classes"].items():
        parts += [f"## {label}", _figures(figures)]
    return "\n\n".join(parts) + "\n"


def _copies(found: Mapping[str, Any]) -> str:
    rate, outside, control = found["rate"], found["held_out_accused"], found["control"]
    parts = [
        f"{rate['hits']} of {rate['n']} images repeat a training image; with 95 % confidence at "
        f"most {rate['at_most']:.2%} of what this generator makes. "
        f"The same search accuses {outside['hits']} of {outside['n']} held-out images, and found "
        f"{control['caught']} of {control['planted']} copies that were planted: mirrored, shifted, "
        "noisy.",
        "The chance that a training image is nearer to some synthetic image than a held-out image "
        "is (0.5: nothing tells who was trained on):",
        table(("seen by", "AUROC"), [(WHAT[n], said(m)) for n, m in found["membership"].items()]),
    ]
    if found["found"]:
        rows = [(c["file"], c["repeats"], f"{c['agreement']:.3f}") for c in found["found"]]
        parts.append(table(("copy", "repeats", "agreement of pixels"), rows))
    return "\n\n".join(parts)


def _figures(figures: Mapping[str, Any]) -> str:
    counts = figures["images"]
    parts = [
        f"{counts['made']} synthetic, {counts['train']} training and {counts['held_out']} held-out "
        "images."
    ]
    for embedding, measures in figures["fidelity"].items():
        rows = [
            (title, said(measures.get(name)), said(measures.get(f"{name}_real")))
            for name, title in FIGURES.items()
        ]
        rows.append(("Frechet distance, synthetic / real", said(measures.get("fid_ratio")), ""))
        parts.append(f"In the features of {WHAT[embedding]}:")
        parts.append(table(("", "synthetic", "real"), rows))
    alike = figures["diversity"]
    rows = [
        (title, said(alike.get(name)), said(alike.get(f"{name}_real")))
        for name, title in (("ssim", "SSIM of two images"), ("ms_ssim", "MS-SSIM of two images"))
    ]
    rows += [
        (f"read as made by {judge}", said(told["made"]), said(told["real"]))
        for judge, told in figures["agreement"].items()
    ]
    parts.append(table(("", "synthetic", "real"), rows))
    return "\n\n".join(parts)
