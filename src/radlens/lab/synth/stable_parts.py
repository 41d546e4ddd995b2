"""The packages of Stable Diffusion, imported without a word on the terminal.

transformers tells everyone who imports it that torchvision is not there, which nothing here needs,
and both packages draw bars of their own.
"""

# ruff: noqa: E402 - what is imported has to be quiet first
from diffusers.utils import logging as diffusers_log
from transformers.utils import logging as transformers_log

for log in (diffusers_log, transformers_log):
    log.set_verbosity_error()
    log.disable_progress_bar()

from accelerate import Accelerator
from accelerate.state import AcceleratorState
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.training_utils import cast_training_params
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig, inject_adapter_in_model
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
from transformers import CLIPTextModel, CLIPTokenizer

__all__ = [
    "Accelerator",
    "AcceleratorState",
    "AutoencoderKL",
    "CLIPTextModel",
    "CLIPTokenizer",
    "DDPMScheduler",
    "DPMSolverMultistepScheduler",
    "LoraConfig",
    "StableDiffusionPipeline",
    "UNet2DConditionModel",
    "cast_training_params",
    "convert_state_dict_to_diffusers",
    "get_peft_model_state_dict",
    "inject_adapter_in_model",
    "set_peft_model_state_dict",
]
