"""Stable Diffusion with LoRA: learns, goes on, is read by diffusers, and repeats itself."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import mse_loss
from transformers.integrations.peft import MIN_PEFT_VERSION

from radlens.domain.errors import BadBundle, BadRecipe, NotAssessable
from radlens.lab.checkpoint import CHECKPOINT, State
from radlens.lab.synth.stable_adapter import ADAPTER
from radlens.lab.synth.stable_draw import Wish, draw, pipeline, seed_of
from radlens.lab.synth.stable_lesson import Painter, drawn, lesson
from radlens.lab.synth.stable_train import adapt
from radlens.lab.synth.stable_weights import Parts, open_weights
from tests.lab.synth.tiny_stable import PROMPT, learn, tiny_images, tiny_plan, tiny_weights

WISH = Wish(PROMPT, seed=5, steps=3)
ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def trained(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Path]:
    """Networks that learned both parts, and the folder that holds the layers."""
    folder = tmp_path_factory.mktemp("trained")
    parts = open_weights(str(weights))
    learn(parts, folder, tiny_plan(text=True))
    return parts, folder


def learned(weights: Path, folder: Path, **changes: object) -> dict[str, torch.Tensor]:
    return learn(open_weights(str(weights)), folder, tiny_plan(**changes))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_the_loss_goes_down(weights: Path, tmp_path: Path):
    parts, images = open_weights(str(weights)), tiny_images()
    known = lesson(parts, images, [PROMPT] * len(images), CPU)
    asked = drawn(known, 256, torch.Generator().manual_seed(7))

    def loss() -> float:
        with torch.inference_mode():
            predicted = Painter(parts)(asked.noisy, asked.times, asked.ids)
        return mse_loss(predicted, asked.answer).item()

    before = loss()
    learn(parts, tmp_path, tiny_plan(steps=30, batch=4, accumulate=1, rank=4, lr=2e-2))
    assert loss() < 0.9 * before


@pytest.mark.parametrize("text", [False, True], ids=["unet", "and text encoder"])
def test_diffusers_itself_loads_the_layers_and_computes_what_was_trained(
    weights: Path, tmp_path: Path, *, text: bool
):
    if text and version("peft") < MIN_PEFT_VERSION:
        pytest.skip("transformers loads no layers of a text encoder beside so old a peft")
    parts = open_weights(str(weights))
    learn(parts, tmp_path, tiny_plan(text=text))
    theirs = pipeline(open_weights(str(weights)))
    noisy, time = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), 300
    ids = lesson(parts, tiny_images()[:1], [PROMPT], CPU).ids

    def answer(unet: object, text_encoder: object) -> torch.Tensor:
        with torch.inference_mode():
            return unet(noisy, time, encoder_hidden_states=text_encoder(ids)[0]).sample

    base = answer(theirs.unet, theirs.text_encoder)
    theirs.load_lora_weights(tmp_path)
    assert len(theirs.get_list_adapters()) == 1 + text
    loaded = answer(theirs.unet, theirs.text_encoder)
    assert torch.equal(loaded, answer(parts.unet.eval(), parts.text_encoder.eval()))
    assert not torch.allclose(loaded, base, atol=1e-3)
    alone = answer(theirs.unet, parts.text_encoder)
    theirs.unload_lora_weights()
    assert torch.equal(answer(theirs.unet, theirs.text_encoder), base)
    assert torch.equal(loaded, alone)


def test_a_scale_of_zero_draws_exactly_what_the_weights_drew(
    weights: Path, trained: tuple[Parts, Path]
):
    bare = pipeline(open_weights(str(weights)))
    adapted = pipeline(open_weights(str(weights)), trained[1])
    plain = draw(bare, WISH, rows=24, cols=20)
    silent = Wish(**{**vars(WISH), "scale": 0.0})
    assert (plain.shape, plain.dtype) == ((24, 20), np.uint8)
    assert np.array_equal(draw(adapted, silent, rows=24, cols=20), plain)
    assert not np.array_equal(draw(adapted, WISH, rows=24, cols=20), plain)


def test_an_image_comes_again_from_its_record_whatever_was_drawn_between(
    weights: Path, trained: tuple[Parts, Path]
):
    drawing = pipeline(open_weights(str(weights)), trained[1])
    first, second = (Wish(PROMPT, seed=seed_of(3, n), steps=3) for n in (0, 1))
    image = draw(drawing, first, rows=16, cols=16)
    assert not np.array_equal(draw(drawing, second, rows=16, cols=16), image)
    again = pipeline(open_weights(str(weights)), trained[1])
    assert np.array_equal(draw(again, first, rows=16, cols=16), image)


@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    weights: Path, tmp_path: Path, step: int
):
    plan = tiny_plan(text=True, steps=6, keep_every=2)
    whole = learn(open_weights(str(weights)), tmp_path / "whole", plan)

    def stop(at: State, _: int) -> None:
        if at.step == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(open_weights(str(weights)), tmp_path / "stopped", plan, tell=stop)
    assert same(learn(open_weights(str(weights)), tmp_path / "stopped", plan), whole)


def test_the_same_seed_gives_the_same_weights_and_every_option_others(
    weights: Path, tmp_path: Path
):
    first = learned(weights, tmp_path / "a")
    assert same(learned(weights, tmp_path / "again"), first)
    assert not any("text_encoder" in name for name in first)
    for name, value in {"seed": 4, "batch": 1, "accumulate": 1, "precision": "bf16"}.items():
        assert not same(learned(weights, tmp_path / name, **{name: value}), first), name


def test_remembering_less_changes_no_weight(weights: Path, tmp_path: Path):
    less = learned(weights, tmp_path / "less", text=True, checkpointing=True)
    more = learned(weights, tmp_path / "more", text=True, checkpointing=False)
    assert same(less, more)


def test_two_processes_of_accelerate_move_as_one_with_batches_of_twice_the_size(
    weights: Path, tmp_path: Path
):
    learned(weights, tmp_path / "one", steps=1, batch=2)
    # What `accelerate launch` runs for several GPUs; by itself it starts one process on processors.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    script = ["-m", "tests.lab.synth.tiny_stable", str(weights), str(tmp_path / "two")]
    done = subprocess.run(
        [*command, *script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (load_file(tmp_path / name / CHECKPOINT) for name in ("one", "two"))
    # After one step this is the gradient; later steps of Adam make much of its last bits.
    gradients = {name: value for name, value in one.items() if name.endswith(".exp_avg")}
    assert max(float(value.abs().max()) for value in gradients.values()) > 1e-3
    for name, value in gradients.items():
        assert torch.allclose(two[name], value, atol=1e-6), name


def test_a_folder_of_another_run_is_refused(weights: Path, tmp_path: Path):
    learned(weights, tmp_path)
    with pytest.raises(BadRecipe, match="another recipe or other data"):
        learned(weights, tmp_path, seed=9)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_answer_is_what_the_weights_were_trained_to_predict(tmp_path: Path, prediction: str):
    parts = open_weights(str(tiny_weights(tmp_path, prediction=prediction)))
    images = tiny_images()
    known = lesson(parts, images[:1], [PROMPT], CPU)
    asked = drawn(known, 4, torch.Generator().manual_seed(0))
    kept = parts.scheduler.alphas_cumprod[asked.times][:, None, None, None]
    if prediction == "epsilon":
        clean = (asked.noisy - (1 - kept).sqrt() * asked.answer) / kept.sqrt()
    else:
        clean = kept.sqrt() * asked.noisy - (1 - kept).sqrt() * asked.answer
    # What is left without the noise is the image's latents, within its coder's own spread.
    sigmas = (clean - known.mean) / known.spread
    assert sigmas.abs().max() < 6


def test_a_loss_that_is_not_a_number_stops_the_run(weights: Path, tmp_path: Path):
    images = tiny_images()
    images[0] = np.nan
    parts = open_weights(str(weights))
    with pytest.raises(BadRecipe, match="not a number in step 1"):
        adapt(parts, images[:1], [PROMPT], tiny_plan(), folder=tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "entry",
    [{"rank": 0}, {"steps": 0}, {"lr": 2.0}, {"precision": "int4"}, {"precision": "fp16"}],
    ids=str,
)
def test_an_impossible_plan_is_refused(weights: Path, tmp_path: Path, entry: dict):
    if entry == {"precision": "fp16"} and torch.cuda.is_available():
        pytest.skip("a GPU is there")
    with pytest.raises(BadRecipe):
        learned(weights, tmp_path, **entry)


def test_layers_that_are_damaged_foreign_or_no_numbers_are_refused(
    weights: Path, trained: tuple[Parts, Path], tmp_path: Path
):
    layers = load_file(trained[1] / ADAPTER)
    first = min(layers)
    for wrong in (
        {name: value.repeat(1, 2) for name, value in layers.items()},
        {f"other.{name}": value for name, value in layers.items()},
        {name: value for name, value in layers.items() if name != first},
        layers | {first: layers[first] * np.nan},
        {},
    ):
        save_file(wrong, tmp_path / ADAPTER)
        with pytest.raises(BadBundle, match="LoRA layers"):
            pipeline(open_weights(str(weights)), tmp_path)
    (tmp_path / ADAPTER).write_bytes((trained[1] / ADAPTER).read_bytes()[:100])
    with pytest.raises(BadBundle, match="LoRA layers"):
        pipeline(open_weights(str(weights)), tmp_path)


def test_an_image_that_overflows_is_none(
    weights: Path, trained: tuple[Parts, Path], tmp_path: Path
):
    layers = load_file(trained[1] / ADAPTER)
    save_file({name: value * 1e30 for name, value in layers.items()}, tmp_path / ADAPTER)
    drawing = pipeline(open_weights(str(weights)), tmp_path)
    with pytest.raises(NotAssessable, match="seed 5"):
        draw(drawing, WISH, rows=16, cols=16)
