"""A pair of networks answers as one and learns as two."""

import torch

from radlens.domain.task import Mode
from radlens.lab.losses import Objective
from radlens.lab.networks import build
from radlens.lab.pair import EfficientNetLite0Pair

IMAGES = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
TRUTH = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, torch.nan]])


def learning() -> EfficientNetLite0Pair:
    """A pair that trains, with norms that stand still, so that passes can be compared."""
    network = build("efficientnet-lite0-pair", 2, torch.Generator().manual_seed(0))
    assert isinstance(network, EfficientNetLite0Pair)
    network.train()
    for member in network.members:
        member.eval()
    return network


def test_the_answer_is_the_mean_of_what_the_members_say_alone():
    network = learning()
    alone, _ = network(IMAGES)
    assert alone.shape == (2, 3, 2)
    together, evidence = network.eval()(IMAGES)
    torch.testing.assert_close(alone.mean(0), together, rtol=1e-4, atol=1e-4)
    explained = evidence.mean((2, 3)) + network.head.bias
    torch.testing.assert_close(explained, together, rtol=1e-4, atol=1e-4)
    assert evidence.shape == (3, 2, 4, 4)


def test_no_member_learns_from_the_other_ones_errors():
    network = learning()
    alone, _ = network(IMAGES)
    alone[0].sum().backward()
    whole, half = network.members
    assert any(p.grad is not None and p.grad.any() for p in whole.parameters())
    assert not any(p.grad is not None and p.grad.any() for p in half.parameters())


def test_the_error_of_a_pair_is_the_mean_of_its_members_errors():
    alone = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(2))
    objective = Objective(Mode.MULTI_LABEL, torch.ones(2))
    each = [objective.mean(logits, TRUTH).item() for logits in alone]
    assert abs(objective.mean(alone, TRUTH).item() - sum(each) / 2) < 1e-6
