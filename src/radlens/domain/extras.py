"""Parts of RadLens that are installed where they are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

from radlens.domain.errors import MissingExtra


@contextmanager
def imports_of(extra: str, *, without: str) -> Iterator[None]:
    """Raise MissingExtra, which says ``without``, where a package of the extra is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "radlens":
            raise  # a part of the product is missing, which no extra brings
        raise MissingExtra(without, hint=f"pip install 'radlens[{extra}]'") from error
