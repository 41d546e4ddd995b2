"""What every engine promises; ONNX Runtime is the first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from radlens.domain.errors import NotAssessable
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.model_ports import Engine
from tests.builders import TASKS, remembering_bundle, tiny_bundle

TASK = TASKS["chest-xray"]


@pytest.fixture(params=["fresh", "cached"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    bundle = read_bundle(tiny_bundle(tmp_path / "bundle", TASK), TASK)
    if request.param == "cached":
        OnnxEngine(bundle, workers=1, cache=tmp_path / "cache")
        assert len(list((tmp_path / "cache").glob("*.onnx"))) == 1
    return OnnxEngine(bundle, workers=2, cache=tmp_path / "cache")


def tensor(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3, 64, 64)).astype(np.float32)


def test_logits_are_the_mean_of_the_evidence_and_a_constant(engine: Engine) -> None:
    forward = engine.forward(tensor(5))
    assert forward.logits.shape == (5, 13)
    assert forward.evidence.shape == (5, 13, 4, 4)
    bias = forward.logits - forward.evidence.mean((2, 3))
    np.testing.assert_allclose(bias, np.broadcast_to(bias[:1], bias.shape), atol=1e-4)


def test_a_batch_gives_what_its_members_give_alone(engine: Engine) -> None:
    whole = engine.forward(tensor(3)).logits
    alone = np.concatenate([engine.forward(tensor(3)[i : i + 1]).logits for i in range(3)])
    np.testing.assert_allclose(whole, alone, atol=1e-5)


def test_sixteen_threads_get_the_answers_of_one(engine: Engine) -> None:
    inputs = [tensor(1, seed) for seed in range(64)]
    expected = [engine.forward(x).logits for x in inputs]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda x: engine.forward(x).logits, inputs))
    np.testing.assert_array_equal(np.array(answers), np.array(expected))


@pytest.mark.parametrize("times", [1, 2])  # the second time from the cache
def test_features_come_with_the_answer_where_the_bundle_remembers_images(
    tmp_path: Path, times: int
) -> None:
    bundle = read_bundle(remembering_bundle(tmp_path / "bundle", TASK), TASK)
    for _ in range(times):
        engine: Engine = OnnxEngine(bundle, workers=1, cache=tmp_path / "cache")
    forward = engine.forward(tensor(2))
    assert engine.known is not None
    assert forward.signals is None
    assert forward.features is not None
    assert forward.features.shape == (2, 8)
    head = {each.name: each for each in onnx.load_from_string(bundle.network).graph.initializer}
    weights, bias = (numpy_helper.to_array(head[name]) for name in ("head", "bias"))
    logits = forward.features @ weights[:, :, 0, 0].T + bias
    np.testing.assert_allclose(logits, forward.logits, rtol=1e-4)


def test_without_known_cases_there_are_no_features(engine: Engine) -> None:
    assert engine.known is None
    assert engine.forward(tensor(1)).features is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_not_assessable(engine: Engine, value: float) -> None:
    broken = tensor(1)
    broken[0, 1, 2, 3] = value
    with pytest.raises(NotAssessable):
        engine.forward(broken)
