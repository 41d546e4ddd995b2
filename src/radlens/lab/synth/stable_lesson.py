"""What Stable Diffusion learns from: latents of images, tokens of prompts, noise by a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from radlens.lab.synth.stable_parts import DDPMScheduler
from radlens.lab.synth.stable_weights import Parts


@dataclass(frozen=True, eq=False)
class Lesson:
    """Every image as its coder sees it, on the processor.

    ``mean`` and ``spread`` (n, 4, rows, cols) are of the latents, ``ids`` (n, tokens) of the
    prompts.
    """

    mean: Tensor
    spread: Tensor
    ids: Tensor
    scheduler: DDPMScheduler


@dataclass(frozen=True, eq=False)
class Question:
    """Noisy latents, their times and token ids, and the ``answer`` that is to be predicted."""

    noisy: Tensor
    times: Tensor
    ids: Tensor
    answer: Tensor


class Painter(nn.Module):
    """Noisy latents (n, 4, rows, cols), times (n,), token ids (n, tokens) -> the prediction.

    One module, so that several processes share the gradients of both networks.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.unet, self.text_encoder = parts.unet, parts.text_encoder

    def forward(self, noisy: Tensor, times: Tensor, ids: Tensor) -> Tensor:
        words = self.text_encoder(ids)[0]
        prediction: Tensor = self.unet(noisy, times, encoder_hidden_states=words).sample
        return prediction


@torch.inference_mode()
def lesson(
    parts: Parts, images: NDArray[np.float32], prompts: Sequence[str], device: torch.device
) -> Lesson:
    """Encode images (n, rows, cols) in [0, 1] and a prompt for each, once, one after the other."""
    coder = parts.vae.to(device)
    means, spreads = [], []
    for image in images:
        grey = torch.from_numpy(np.asarray(image, np.float32)).to(device)[None, None]
        size = (parts.side, parts.side)
        sized = interpolate(grey, size, mode="bicubic", antialias=True).clamp(0, 1)
        coded = coder.encode(sized.expand(-1, 3, -1, -1) * 2 - 1).latent_dist
        means.append(coded.mean * coder.config.scaling_factor)
        spreads.append(coded.std * coder.config.scaling_factor)
    coder.cpu()
    told = parts.tokenizer(
        list(prompts),
        padding="max_length",
        truncation=True,
        max_length=parts.most_tokens,
        return_tensors="pt",
    )
    return Lesson(torch.cat(means).cpu(), torch.cat(spreads).cpu(), told.input_ids, parts.scheduler)


def drawn(of: Lesson, n: int, by: torch.Generator) -> Question:
    """n images by chance, each with noise of a time by chance.

    The answer is the noise (Ho et al. 2020, NeurIPS, equation 14), or the velocity where the
    weights were trained to predict that (Salimans and Ho 2022, ICLR, appendix D).
    """
    which = torch.randint(len(of.mean), (n,), generator=by)
    mean, spread = of.mean[which], of.spread[which]
    latents = mean + spread * torch.randn(mean.shape, generator=by)
    noise = torch.randn(mean.shape, generator=by)
    times = torch.randint(of.scheduler.config.num_train_timesteps, (n,), generator=by)
    velocity = of.scheduler.config.prediction_type == "v_prediction"
    answer = of.scheduler.get_velocity(latents, noise, times) if velocity else noise
    return Question(of.scheduler.add_noise(latents, noise, times), times, of.ids[which], answer)
