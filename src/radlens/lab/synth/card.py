"""The card of a generator, made from what it says of itself."""

from collections.abc import Mapping
from typing import Any

from radlens.lab.synth.about import About


def card(about: About) -> str:
    """Markdown for people: what it draws, what it learned from, what it is not for."""
    made, figures = about.made, about.made["figures"]
    network = about.shape.get("network", {})
    lines = [
        f"# Generator {about.name}",
        "",
        about.statement,
        "",
        f"- Kind: {about.kind}, for {about.task}; {about.side} x {about.side} pixels, grey",
        f"- Draws: {', '.join(about.labels)}",
    ]
    if about.disease:
        lines.append(f"- Learned: {about.disease}, on top of the generator {about.base[:12]}")
    if about.prompt:
        lines.append(f"- Described as: {about.prompt}")
    if network:
        lines.append(
            f"- Network: a UNet of {made['parameters'] / 1e6:.1f} million parameters, "
            f"{' '.join(map(str, network['widths']))} channels, cosine schedule of "
            f"{about.shape['schedule']['num_train_timesteps']} noise levels"
        )
    if "start" in made:
        images, minutes = _before(made["start"]["made"])
        lines.append(
            f"- Begun with: the weights of the generator {made['start']['digest'][:12]}, which had "
            f"seen {images:,} images in {minutes:.1f} minutes of training, as far as is on record"
        )
    if outlines := about.shape.get("masks"):
        each = ", ".join(f"{n} of {label}" for label, n in outlines.items())
        lines.append(f"- Draws lesions where outlines say that it learned with and keeps: {each}")
    if refined := made.get("refined"):
        lines.append(
            f"- Refined: from {network['side']} pixels on, another network ends it. It learned for "
            f"{refined['minutes']:.1f} minutes, from {refined['images_seen']:,} patches, against a "
            f"critic whose loss came to {refined['loss']:.4g} (2 log 2 where it cannot tell)"
        )
    lines.append(f"- Learned from: {made['images']} images" + _simulated(about))
    lines += [
        f"  - {each['images']}: {each['source'] or 'source not told'}"
        f" ({each['licence'] or 'licence not told'})"
        for each in made.get("sources", ())
    ]
    told = {"images_seen": "images seen in training", "minutes": "minutes of training"}
    if not figures["images_seen"]:
        lines.append("- Its denoising layers were left as they were")
    lines += ["", "| figure | value |", "|---|---|"]
    lines += [
        f"| {told.get(name, name)} | {value:{',' if isinstance(value, int) else '.4g'}} |"
        for name, value in sorted(figures.items())
    ]
    lines += [
        "",
        "Loss and validation are the squared error of the noise that was found, on training images "
        "and on held-out ones; how good the images are, `radlens synth assess` measures.",
        "",
        "What it draws shows no patient. It may repeat what it learned from, and what it shows of "
        "a disease is no evidence of how the disease looks. Made images never measure a model.",
        "",
        f"Record {made['record']}, dataset {made['dataset'] or 'none'}, seed {made['seed']}, "
        f"made with RadLens {made['code']['version']} at {made['time']}.",
    ]
    return "\n".join(lines) + "\n"


def _before(made: Mapping[str, Any]) -> tuple[int, float]:
    """How many images a generator has seen, and in how many minutes, as far as is on record.

    One that had itself begun with another's weights has seen what that one had.
    """
    figures, start = made["figures"], made.get("start")
    images, minutes = _before(start["made"]) if isinstance(start, Mapping) else (0, 0.0)
    return images + figures["images_seen"], minutes + figures["minutes"]


def _simulated(about: About) -> str:
    return ", all of them simulated: no patient" if about.simulated else ""
