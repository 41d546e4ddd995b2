"""Numbers that look like a metric somebody typed, and where a figure may come from."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from radlens.domain.study import Study
from radlens.domain.task import Task
from radlens.lab.card import trained_card
from radlens.lab.finish import IN_MANIFEST
from radlens.lab.markdown import said
from radlens.lab.study_recipe import study_of
from radlens.lab.study_report import report
from radlens.storage.ledger import item_of

SHARE = r"(?:0?\.\d+|1\.0+|\d{1,3}(?:\.\d+)? ?%)(?![\w.])"
FIGURE = re.compile(
    # A fraction of two digits or more, or a percentage; not part of a version or of 0.75rem.
    r"(?<![\w.:-])(?:[01]?\.\d{2,}|\d{1,3}(?:\.\d+)? ?%)(?![\w.]*\w)"
    # Or any number at all soon after the name of a metric.
    r"|(?i:\b(?:accuracy|auroc|auc|f1|sensitivity|specificity|precision|recall|brier|ece|kappa)\b)"
    rf"[^\n.;|<=>]{{0,24}}?(?<![\w.]){SHARE}"
)


def figures(text: str) -> list[str]:
    """What looks like a metric in a text."""
    return [found[0] for found in FIGURE.finditer(text)]


def strings(source: str) -> Iterator[str]:
    """The texts of a Python file, docstrings and the fixed parts of f-strings included."""
    tree = ast.parse(source)
    formats = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec
        for part in ast.walk(node.format_spec)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in formats
        ):
            yield node.value


def prose(markdown: str) -> str:
    """A document without its blocks of code."""
    return re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)


def measures(body: Any) -> Iterator[str]:
    """Every figure with its interval in a record, as it is said."""
    if isinstance(body, Mapping):
        if {"value", "low", "high"} <= body.keys():
            yield said(body)
        for value in body.values():
            yield from measures(value)


def regenerated(manifest: Path, task: Task) -> str:
    """The card that a bundle's manifest makes today."""
    body = json.loads(manifest.read_text())
    fields = {name: body[name] for name in IN_MANIFEST if name in body}
    return trained_card(task, body["provenance"] | fields)


def retold(entry: Path) -> str:
    """The report that a study's entry makes today."""
    study = Study.of(item_of(json.loads(entry.read_text())))
    return report(study, study_of(study.recipe))


def content(card: str) -> list[list[str]]:
    """A card's lines as their words in any order: a manifest does not keep that of its entries."""
    return sorted(sorted(re.findall(r"[^\s|,]+", line)) for line in card.splitlines())
