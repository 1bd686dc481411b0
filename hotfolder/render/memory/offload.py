"""Where a model's weights are while it renders. Only storage in eight bits changes the bits.

Text encoders and layers come to the device when they are called and leave when they have answered,
so whoever calls them need not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hotfolder.render.memory.memory_plan import Holding
from hotfolder.render.models import pipelines, quantised


def hold(pipe: Any, device: str, holding: Holding) -> None:
    """Put the weights of `pipe` where `holding` wants them.

    May be called again for a holding further down the list of `memory.Holding`, even in the middle
    of a render. "fp8" is for a model that was just loaded: what was rounded stays so.
    """
    denoiser = pipelines.denoiser(pipe)
    modules = {n: part for n, part in pipe.components.items() if isinstance(part, torch.nn.Module)}
    if holding == "fp8" and not quantised.is_packed(denoiser):
        denoiser.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=denoiser.dtype
        )
    for name, module in modules.items():
        reads = name.startswith("text_encoder")
        if holding == "group-offload" and quantised.is_packed(module):
            _visit_by_layers(module, device)
        elif holding == "group-offload" and (reads or module is denoiser):
            _stream(module, device)
        elif holding in ("text-offload", "fp8") and reads:
            _visit(module, device)
        else:
            module.to(device)


class _Visit:
    """A module's forward that brings the module to the device, and back after it has answered."""

    def __init__(self, module: Any, device: str) -> None:
        self.forward: Callable[..., Any] = module.forward
        self._module = module
        self._device = device

    def __call__(self, *given: Any, **more: Any) -> Any:
        """The module's answer, on the device."""
        self._module.to(self._device)
        try:
            return self.forward(*given, **more)
        finally:
            self._module.to("cpu")


def _visit(module: Any, device: str) -> None:
    if not isinstance(module.forward, _Visit):
        module.forward = _Visit(module, device)
        module.to("cpu")


def _visit_by_layers(module: Any, device: str) -> None:
    """Have each layer come when it is called; what lies between layers is small and stays there."""
    for part in module.modules():
        if not any(True for _ in part.children()):
            _visit(part, device)
            continue
        for weight in part.parameters(recurse=False):
            weight.data = weight.data.to(device)
        for buffer in part.buffers(recurse=False):
            buffer.data = buffer.data.to(device)


def _stream(module: Any, device: str) -> None:
    from diffusers.hooks import apply_group_offloading

    if isinstance(module.forward, _Visit):
        del module.forward
    apply_group_offloading(
        module,
        onload_device=torch.device(device),
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=device.startswith("cuda"),
    )
