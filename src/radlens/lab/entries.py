"""TOML tables <-> values of a dataclass: no entry more, none less, each of its own type."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from math import isfinite
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from radlens.domain.errors import BadRecipe


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Text and entries of a TOML file; raises BadRecipe."""
    try:
        text = path.read_text("utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRecipe(f"The recipe {path.name} cannot be read: {error}.") from error


def spelled(entries: Mapping[str, Any]) -> str:
    """The TOML of entries: values, lists of them, and tables of such."""

    def lines(values: Mapping[str, Any]) -> list[str]:
        return [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]

    tables = {name: value for name, value in entries.items() if isinstance(value, Mapping)}
    text = lines({name: value for name, value in entries.items() if name not in tables})
    for name, table in tables.items():
        text += ["", f"[{name}]", *lines(table)]
    return "\n".join(text) + "\n"


def typed(
    shape: type, entries: Any, *, prefix: str = "", but: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The entries of one table with the types of a dataclass's fields; none that it lacks.

    Raises BadRecipe for an unknown entry, a missing one without a default, or a foreign type.
    """
    if not isinstance(entries, Mapping):
        raise BadRecipe(f"The recipe's entry {prefix.rstrip('.')} must be a table.")
    known = {each.name: each for each in fields(shape) if each.name not in but}
    if unknown := sorted(set(entries) - set(known)):
        raise BadRecipe(f"The recipe has an unknown entry: {prefix}{unknown[0]}.")
    for name, each in known.items():
        if name not in entries and each.default is each.default_factory is MISSING:
            raise BadRecipe(f"The recipe has no entry {prefix}{name}.")
    return {name: _value(entries[name], known[name].type, prefix + name) for name in entries}


def _value(value: Any, kind: Any, name: str) -> Any:
    if get_origin(kind) is UnionType:  # TOML has no null: what is there is no None
        kind = get_args(kind)[0]
    if is_dataclass(kind) and isinstance(kind, type):
        return kind(**typed(kind, value, prefix=f"{name}."))
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(entry, get_args(kind)[0], name) for entry in value)
    if get_origin(kind) is dict and isinstance(value, dict):
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind or (kind is float and not isfinite(value)):
        raise BadRecipe(f"The recipe's entry {name} cannot be {value!r}.")
    return value
