"""Weights from elsewhere: safetensors alone, nothing asked of a network, no word but the error."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from safetensors.torch import load_file, save_file

from radlens.domain.errors import BadBundle, NoWeights, RadLensError
from radlens.lab.synth.stable_weights import open_weights
from tests.lab.synth.tiny_stable import SIDE, tiny_weights

ROOT = Path(__file__).parents[3]
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_weights(tmp_path_factory.mktemp("weights"))


def test_a_folder_is_known_by_the_digest_of_all_that_it_holds(whole: Path, tmp_path: Path):
    parts = open_weights(str(whole))
    assert (parts.side, parts.most_tokens) == (SIDE, 77)
    copy = Path(copytree(whole, tmp_path / "copy"))
    assert open_weights(str(copy)).digest == parts.digest
    weights = load_file(copy / UNET)
    weights["conv_in.bias"] += 1
    save_file(weights, copy / UNET)
    assert open_weights(str(copy)).digest != parts.digest


def test_weights_in_half_precision_alone_are_taken(whole: Path, tmp_path: Path):
    copy = Path(copytree(whole, tmp_path / "copy"))
    for name in ("unet", "vae", "text_encoder"):
        [path] = (copy / name).glob("*.safetensors")
        half = {key: value.half() for key, value in load_file(path).items()}
        save_file(half, path.with_name(f"{path.stem}.fp16.safetensors"), {"format": "pt"})
        path.unlink()
    assert open_weights(str(copy)).unet.dtype.itemsize == 4


def without_unet(folder: Path) -> None:
    rmtree(folder / "unet")


def as_pickles(folder: Path) -> None:
    (folder / UNET).rename(folder / "unet" / "diffusion_pytorch_model.bin")


def no_tensors(folder: Path) -> None:
    (folder / UNET).unlink()


def no_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def broken_index(folder: Path) -> None:
    (folder / "model_index.json").write_text("{")


def another_family(folder: Path) -> None:
    index = {"_class_name": "StableDiffusionXLPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))


def cut_off(folder: Path) -> None:
    (folder / UNET).write_bytes((folder / UNET).read_bytes()[:5000])


def one_missing(folder: Path) -> None:
    weights = load_file(folder / UNET)
    del weights["conv_in.bias"]
    save_file(weights, folder / UNET)


def another_shape(folder: Path) -> None:
    config = json.loads((folder / "unet" / "config.json").read_text())
    config["cross_attention_dim"] = 24
    (folder / "unet" / "config.json").write_text(json.dumps(config))


def foreign_layers(folder: Path) -> None:
    path = folder / "text_encoder" / "model.safetensors"
    save_file({f"x{key}": value for key, value in load_file(path).items()}, path)


def no_config(folder: Path) -> None:
    (folder / "vae" / "config.json").write_text("{")


def no_vocabulary(folder: Path) -> None:
    for path in (folder / "tokenizer").iterdir():
        path.unlink()


DAMAGES = {
    without_unet: (NoWeights, "no unet/"),
    as_pickles: (BadBundle, "pickles"),
    no_tensors: (NoWeights, "no safetensors"),
    no_index: (NoWeights, "no model_index.json"),
    broken_index: (BadBundle, "model_index.json"),
    another_family: (BadBundle, "StableDiffusionXLPipeline"),
    cut_off: (BadBundle, "cannot be read"),
    one_missing: (BadBundle, "lack conv_in.bias"),
    another_shape: (BadBundle, "expected shape"),
    foreign_layers: (BadBundle, "text_encoder"),
    no_config: (BadBundle, "cannot be read"),
    no_vocabulary: (BadBundle, "do not belong together"),
}


@pytest.mark.parametrize(
    ("damage", "answer"), DAMAGES.items(), ids=[damage.__name__ for damage in DAMAGES]
)
def test_a_damaged_folder_is_refused_in_one_sentence(
    whole: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    answer: tuple[type[RadLensError], str],
):
    copy = Path(copytree(whole, tmp_path / "copy"))
    damage(copy)
    with pytest.raises(answer[0], match=answer[1]) as caught:
        open_weights(str(copy))
    assert caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("weights", ["nowhere", "/nowhere/at/all", "a/b/c", "file.safetensors", ""])
def test_where_there_is_nothing_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str
):
    monkeypatch.chdir(tmp_path)
    Path("file.safetensors").touch()
    with pytest.raises(NoWeights, match=f"no Stable Diffusion weights at {weights!r}"):
        open_weights(weights)


# Every attempt to reach a network or a name server ends the process.
ALONE = """
import os, sys

def heard(event, _):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        os.write(2, b"a network was asked\\n")
        os._exit(9)

sys.addaudithook(heard)
from radlens.domain.errors import NoWeights
from radlens.lab.synth.stable_draw import Wish, draw, pipeline
from radlens.lab.synth.stable_weights import open_weights

try:
    drawing = pipeline(open_weights(sys.argv[1]))
    draw(drawing, Wish("brain MR image", seed=1, steps=2), rows=16, cols=16)
except NoWeights as error:
    print(error.message)
"""


def alone(weights: str, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, weights],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def test_a_folder_is_opened_and_draws_without_a_network_and_without_a_word(whole: Path):
    assert alone(str(whole)) == ("", "")


def test_a_hub_id_is_taken_from_the_cache_where_the_hub_is_out_of_reach(
    whole: Path, tmp_path: Path
):
    cached = tmp_path / "models--radlens--tiny"
    commit = "0" * 40
    copytree(whole, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path)}
    assert alone("radlens/tiny", **offline) == ("", "")
    said, noise = alone("radlens/absent", **offline)
    assert said.startswith("There are no Stable Diffusion weights at 'radlens/absent'")
    assert noise == ""
