"""What is missing is called by its name: an extra, or a part of RadLens itself."""

import pytest

from radlens.cli.say import lab_extra
from radlens.domain.errors import MissingExtra


@pytest.mark.parametrize(
    ("extra", "words"), [("lab", "the lab extra"), ("lab,synth", "the extras lab and synth")]
)
def test_a_package_that_is_not_installed_asks_for_the_extra(extra: str, words: str):
    sentence = f"`radlens train` needs {words}"
    with pytest.raises(MissingExtra, match=sentence) as missing, lab_extra("train", extra=extra):
        import nobody_ships_this  # noqa: F401
    assert missing.value.hint == f"pip install 'radlens[{extra}]'"


def test_a_missing_part_of_radlens_is_not_blamed_on_an_extra():
    with pytest.raises(ModuleNotFoundError, match="nothing_here"), lab_extra("train"):
        import radlens.lab.nothing_here  # noqa: F401
