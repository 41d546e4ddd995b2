"""The names of weights, without what wrappers and old versions put around them."""

import re
from collections.abc import Mapping

from torch import Tensor

PREFIXES = ("module.", "backbone.", "model.")
# torchvision before 0.3 called a dense layer's parts norm.1, conv.1, norm.2, conv.2.
OLD = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")


def plain_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names that torchvision gives them today."""
    plain = dict(weights)
    while prefix := next(
        (p for p in PREFIXES if plain and all(k.startswith(p) for k in plain)), ""
    ):
        plain = {key.removeprefix(prefix): value for key, value in plain.items()}
    return {OLD.sub(r"\1\2.", key): value for key, value in plain.items()}
