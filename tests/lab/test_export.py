"""Export lets nothing through whose evidence does not explain its logits."""

import numpy as np
import onnx
import pytest
import torch

from radlens.domain.errors import BadBundle
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.export import AGREEMENT, OPSET, export, measure, probes, run, to_onnx
from radlens.lab.finish import half_precision
from tests.lab.tiny import TinyNet

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))


class Squashed(TinyNet):
    """A head that is not linear: no map can be averaged to its logits."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, evidence = super().forward(x)
        return torch.tanh(logits), evidence


class Misled(TinyNet):
    """Evidence of another label than its logit: red and blue swapped, in a way."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, evidence = super().forward(x)
        return logits, evidence.flip(1)


class Shifted(TinyNet):
    """Evidence with the right mean in the wrong places."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, evidence = super().forward(x)
        return logits, evidence.flip(3)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def test_a_sound_network_passes_and_is_plain_onnx_without_a_trace_of_this_machine():
    exported = export(TinyNet(3), SPEC)
    assert max(vars(exported.parity).values()) <= AGREEMENT
    model = onnx.load_from_string(exported.network)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert [o.name for o in model.graph.output] == ["logits", "evidence"]
    assert [i.name for i in model.graph.input] == ["tensor"]
    assert not model.functions
    assert b"/radlens/" not in exported.network
    assert b".py" not in exported.network
    answer = run(exported.network, np.zeros((1, 3, 32, 32), np.float32))
    assert answer.logits.shape == (1, 3), "the batch size is not free"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Squashed, "evidence and bias with logits"),
        (Misled, "evidence and bias with logits"),
        (Shifted, "evidence with grad cam"),
    ],
)
def test_a_broken_head_is_refused(broken: type[TinyNet], says: str):
    with pytest.raises(BadBundle, match=says):
        export(broken(3), SPEC)


def test_a_graph_that_answers_otherwise_than_torch_is_noticed():
    x = probes(SPEC)
    exported = to_onnx(TinyNet(3, seed=1).eval(), x)
    assert measure(TinyNet(3, seed=2).eval(), exported, x).onnx_with_torch > 100 * AGREEMENT


def test_kernels_are_stored_in_16_bits_vectors_in_32_and_answers_hardly_change():
    exported = export(TinyNet(3), SPEC)
    kinds = {
        len(t.dims): t.data_type
        for t in onnx.load_from_string(exported.network).graph.initializer
        if t.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    }
    assert kinds[4] == onnx.TensorProto.FLOAT16
    assert kinds[1] == onnx.TensorProto.FLOAT
    x = probes(SPEC).numpy()
    full, half = run(exported.full, x).logits, run(exported.network, x).logits
    assert 0 < np.abs(full - half).max() < 0.01 * np.abs(full).max()


def test_a_loss_from_16_bits_is_measured_and_too_much_is_refused():
    truth = np.eye(2, dtype=np.float32)[[0, 1] * 50]
    good = truth * 4 - 2
    assert half_precision(good, good, truth, Mode.MULTI_CLASS)["lost"] == 0
    worse = good.copy()
    worse[0] = -worse[0]
    with pytest.raises(BadBundle, match=r"16 bits loses 0\.01"):
        half_precision(good, worse, truth, Mode.MULTI_CLASS)
