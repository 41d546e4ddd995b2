"""A process of its own: ``python -m radlens.lab.unpickle FILE.pth OUT.safetensors``.

Only tensors are unpickled (``weights_only=True``); anything else ends with one line on stderr.
"""

import sys
from collections.abc import Mapping
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import save_file

WRAPPERS = ("state_dict", "model_state_dict")


def main(source: str, target: str) -> str | None:
    """Write the tensors of a ``.pth`` as safetensors; the answer says why not, None if done."""
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    except UnpicklingError:
        return "it holds more than tensors, and that could run code"
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        return f"it cannot be read ({type(error).__name__})"
    tensors = _unwrapped(content)
    if not tensors:
        return "it holds no state dict"
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, target)
    return None


def _unwrapped(content: Any) -> dict[str, torch.Tensor]:
    if not isinstance(content, Mapping):
        return {}
    for name in WRAPPERS:
        if isinstance(content.get(name), Mapping):
            return _unwrapped(content[name])
    if not all(isinstance(value, torch.Tensor) for value in content.values()):
        return {}
    return as_read(content)


def as_read(tensors: Mapping[Any, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors as networks take them: numbers of any width as 32 bits."""
    return {
        str(key): value.float() if value.is_floating_point() else value
        for key, value in tensors.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
