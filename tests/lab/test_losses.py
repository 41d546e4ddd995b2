"""What is made small: masked, weighed and focused as the papers say, torch being the oracle."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it

from radlens.domain.task import Mode
from radlens.lab.losses import Objective, class_balance

NAN = float("nan")


def logits(n: int, labels: int, *, grad: bool = False) -> torch.Tensor:
    values = 2 * torch.randn(n, labels, generator=torch.Generator().manual_seed(5))
    return values.requires_grad_(grad)


def one_hot(n: int, labels: int) -> torch.Tensor:
    return torch.eye(labels)[torch.arange(n) % labels]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_multi_class_errors_are_those_of_torch(smoothing: float):
    x, truth, balance = logits(7, 3), one_hot(7, 3), torch.tensor([0.5, 1.0, 2.0])
    ours = Objective(Mode.MULTI_CLASS, balance, smoothing).mean(x, truth)
    theirs = F.cross_entropy(x, truth.argmax(1), balance, label_smoothing=smoothing)
    torch.testing.assert_close(ours, theirs)


def test_multi_label_errors_are_those_of_torch_over_the_known_entries():
    x, truth, balance = logits(6, 4), one_hot(6, 4), torch.tensor([0.5, 1.0, 2.0, 3.0])
    known = torch.rand(6, 4, generator=torch.Generator().manual_seed(1)) < 0.7
    masked = torch.where(known, truth, NAN)
    ours = Objective(Mode.MULTI_LABEL, balance).mean(x, masked)
    each = F.binary_cross_entropy_with_logits(x, truth, pos_weight=balance, reduction="none")
    torch.testing.assert_close(ours, each[known].mean())


def test_an_unknown_label_gives_no_gradient_and_a_negative_one_does():
    x = torch.zeros(2, 3, requires_grad=True)
    truth = torch.tensor([[1.0, NAN, 0.0], [NAN, NAN, 1.0]])
    error = Objective(Mode.MULTI_LABEL, torch.ones(3), focal_gamma=2.0).mean(x, truth)
    error.backward()
    assert torch.equal(x.grad == 0, truth.isnan())


@pytest.mark.parametrize("mode", Mode)
def test_focal_loss_is_its_papers_formula(mode: Mode):
    x, truth = logits(5, 3), one_hot(5, 3)
    ours = Objective(mode, torch.ones(3), focal_gamma=2.0).mean(x, truth)
    if mode is Mode.MULTI_CLASS:
        p_true = x.softmax(1)[truth.bool()]
    else:
        p = x.sigmoid()
        p_true = torch.where(truth.bool(), p, 1 - p).flatten()
    torch.testing.assert_close(ours, (-((1 - p_true) ** 2) * p_true.log()).mean())


@pytest.mark.parametrize("mode", Mode)
def test_the_parts_of_a_batch_add_up_to_the_whole(mode: Mode):
    truth, weight = one_hot(7, 3), torch.linspace(0.5, 1, 7)
    if mode is Mode.MULTI_LABEL:
        truth[2:5, 1] = NAN
    how, x = Objective(mode, torch.tensor([1.0, 2.0, 3.0])), logits(7, 3)
    whole = how.mean(x, truth, weight)
    parts = [how.mean(x[part], truth, weight, part=part) for part in (slice(0, 3), slice(3, 7))]
    torch.testing.assert_close(sum(parts), whole)


def test_an_image_of_no_weight_counts_nothing():
    x, truth = logits(4, 3), one_hot(4, 3)
    how = Objective(Mode.MULTI_CLASS, torch.ones(3))
    weight = torch.tensor([1.0, 1.0, 1.0, 0.0])
    torch.testing.assert_close(how.mean(x, truth, weight), how.mean(x[:3], truth[:3]))


def test_rare_classes_weigh_more_only_if_the_recipe_says_so():
    truth = np.array([[1, 0], [0, 1], [0, 1], [0, np.nan]], np.float32)
    assert class_balance(truth, Mode.MULTI_LABEL, 0.0).tolist() == [1, 1]
    assert class_balance(truth, Mode.MULTI_LABEL, 1.0).tolist() == [3, 0.5]
    assert class_balance(truth[:3], Mode.MULTI_CLASS, 1.0).tolist() == pytest.approx([1.5, 0.75])


def test_effective_numbers_lie_between_no_weighing_and_full_weighing():
    truth = np.eye(2, dtype=np.float32)[[0] * 10 + [1] * 90]

    def ratio(beta: float) -> float:
        rare, common = class_balance(truth, Mode.MULTI_CLASS, 1.0, effective_beta=beta).tolist()
        return rare / common

    assert ratio(0.0) == pytest.approx(9)
    # Cui et al. 2019, equation 2, for n = 10 and n = 90.
    assert ratio(0.99) == pytest.approx((1 - 0.99**90) / (1 - 0.99**10), rel=1e-5)
    assert ratio(0.01) == pytest.approx(1, rel=1e-3)
    assert 1 < ratio(0.9) < ratio(0.99) < ratio(0.999) < 9
