"""Views of a pipeline's shared modules that compute in less memory: by windows, tiles or halves.

A view is a shallow copy: it has the module's weights and switches of its own. So two renders, one
within the other, can use the same weights by different plans.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hotfolder.errors import RenderError
from hotfolder.render.memory import grid
from hotfolder.render.memory.memory_plan import STEP_PX, Plan, Windows
from hotfolder.render.models import pipelines

Forward = Callable[..., Any]
Span = tuple[int, int]  # begin and end


def apply(plan: Plan, pipe: Any, compiled: Forward) -> None:
    """Give `pipe` views of its denoiser and autoencoder that compute as `plan` says.

    `compiled` answers as the denoiser does, for plans that want it.
    Raises RenderError where a family cannot be rendered by windows.
    """
    family = pipelines.family(pipe)
    denoiser = pipelines.denoiser(pipe)
    if plan.windows and not family.windows:
        raise RenderError(
            f"{family.name} sees a picture as tokens and cannot be rendered by windows"
        )
    if plan.windows or plan.split_guidance or plan.compiled:
        forward: Forward = compiled if plan.compiled else denoiser
        if plan.split_guidance:
            forward = _one_by_one(forward)
        if plan.windows:
            forward = _windowed(forward, plan.windows, pipe.vae_scale_factor)
        view = copy.copy(denoiser)
        view.forward = forward
        setattr(pipe, family.denoiser, view)
    if plan.tiles:
        pipe.vae = _tiled(pipe.vae, plan.tiles, pipe.vae_scale_factor)
    if plan.place:
        pipe.vae = _singly(pipe.vae)


def blended(
    function: Callable[[Tensor, int, int], Tensor],
    whole: Tensor,
    windows: Windows,
    takes: int = 1,
    gives: int = 1,
    moved: tuple[int, int] = (0, 0),
) -> Tensor:
    """`function` of `whole`, computed by overlapping windows whose results melt into each other.

    The last two dimensions are height and width. `windows` count cells: a cell is a square of
    `takes` px of `whole` and of `gives` px of the result. They are `moved` by so many cells to the
    right and down. `function` gets a window and the cell (top, left) where it begins. Each result
    counts with a weight that rises smoothly from its inner edges over the overlap; the weights at
    each place add up to one. (MultiDiffusion, Bar-Tal 2023, with soft edges.)
    """
    height, width = (side // takes for side in whole.shape[-2:])
    rows = grid.spans(height, min(windows.height, height), windows.overlap, moved[1])
    columns = grid.spans(width, min(windows.width, width), windows.overlap, moved[0])
    row_weights = _weights(rows, windows.overlap, gives, whole.device)
    column_weights = _weights(columns, windows.overlap, gives, whole.device)
    total, dtype = None, whole.dtype
    for row, row_weight in zip(rows, row_weights, strict=True):
        for column, column_weight in zip(columns, column_weights, strict=True):
            part = _cut(whole, row, column, takes)
            result = function(part.contiguous(), row[0], column[0])
            if total is None:
                total = torch.zeros(
                    (*result.shape[:-2], height * gives, width * gives), device=result.device
                )
                dtype = result.dtype
            place = _cut(total, row, column, gives)
            place += result * (row_weight[:, None] * column_weight)
    assert total is not None  # noqa: S101 - there is at least one window
    return total.to(dtype)


def _cut(tensor: Tensor, row: Span, column: Span, size: int) -> Tensor:
    """The cells of a row and a column, each of `size` x `size` px; no copy."""
    top, bottom, left, right = (cell * size for cell in (*row, *column))
    return tensor[..., top:bottom, left:right]


def _weights(
    spans: tuple[Span, ...], overlap: int, size: int, device: torch.device
) -> list[Tensor]:
    """Each window's weight along one side, (cells * size,), float32; all add up to one."""
    length, overlap = spans[-1][1] * size, overlap * size
    sums = torch.zeros(length, dtype=torch.float64)
    weights = []
    for begin, end in ((begin * size, end * size) for begin, end in spans):
        place = torch.arange(end - begin, dtype=torch.float64) + 0.5
        rising = torch.sin((place / max(overlap, 1)).clamp(max=1.0) * (torch.pi / 2)) ** 2
        weight = torch.ones_like(place)
        if begin > 0:
            weight *= rising
        if end < length:
            weight *= rising.flip(0)
        sums[begin:end] += weight
        weights.append((begin, end, weight))
    return [(weight / sums[begin:end]).to(device, torch.float32) for begin, end, weight in weights]


def _windowed(forward: Forward, windows: Windows, factor: int) -> Forward:
    """A denoiser's forward that sees its latents, (batch, channels, h, w), window by window.

    The windows move from step to step: where their borders stay, a change of tone remains.
    """
    cells, sides = windows.cells(factor), (windows.width, windows.height)

    def by_windows(*latents: Any, **others: Any) -> tuple[Tensor]:
        name = "sample" if "sample" in others else "hidden_states"
        whole: Tensor = latents[0] if latents else others.pop(name)
        phase = _phase(latents[1] if len(latents) > 1 else others["timestep"])
        known = others.get("added_cond_kwargs")

        def one(part: Tensor, top: int, left: int) -> Tensor:
            if known is not None and "time_ids" in known:
                ids = _placed(known["time_ids"], part, top, left, factor)
                others["added_cond_kwargs"] = {**known, "time_ids": ids}
            given = {**others, "return_dict": False}
            if latents:
                result = forward(part, *latents[1:], **given)
            else:
                result = forward(**{name: part}, **given)
            prediction: Tensor = result[0]
            return prediction

        right, down = (grid.move(side, STEP_PX, phase) // factor for side in sides)
        return (blended(one, whole, cells, moved=(right, down)),)

    return by_windows


def _phase(timestep: Any) -> float:
    """Where the windows are in a denoising step, -1 to 1, at random.

    It follows from the step's noise level alone, so that a render that was saved goes on alike.
    """
    level = float(timestep.flatten()[0] if isinstance(timestep, Tensor) else timestep)
    return zlib.crc32(f"{level:.3f}".encode()) / 2**31 - 1


def _placed(time_ids: Tensor, part: Tensor, top: int, left: int, factor: int) -> Tensor:
    """What SDXL is told of a window: (original size, place of the crop, its size), in px."""
    if time_ids.shape[-1] != 6:
        return time_ids
    height, width = part.shape[-2:]
    crop = [top * factor, left * factor, height * factor, width * factor]
    placed = time_ids.clone()
    placed[..., 2:] = torch.tensor(crop, dtype=time_ids.dtype, device=time_ids.device)
    return placed


def _one_by_one(forward: Forward) -> Forward:
    """A denoiser's forward that takes the samples of a batch one after the other."""

    def singly(*given: Any, **more: Any) -> tuple[Any]:
        first = given[0] if given else more["sample" if "sample" in more else "hidden_states"]
        results = []
        for index in range(len(first)):
            alone = [_picked(value, index, len(first)) for value in given]
            others = {name: _picked(value, index, len(first)) for name, value in more.items()}
            results.append(forward(*alone, **others)[0])
        if isinstance(first, list):  # as Z-Image has it
            return ([sample for result in results for sample in result],)
        return (torch.cat(results),)

    return singly


def _picked(value: Any, index: int, count: int) -> Any:
    """What belongs to one sample of `count`; what belongs to all stays as it is."""
    if isinstance(value, dict):
        return {name: _picked(inner, index, count) for name, inner in value.items()}
    if isinstance(value, list) or (isinstance(value, Tensor) and value.ndim):
        return value[index : index + 1] if len(value) == count else value
    return value


def _tiled(vae: Any, tiles: Windows, factor: int) -> Any:
    """A view of an autoencoder that encodes and decodes by tiles."""
    view = copy.copy(vae)
    cells = tiles.cells(factor)

    def encode(picture: Tensor, *_: Any, **__: Any) -> Any:
        kinds: list[Any] = []

        def one(part: Tensor, _top: int, _left: int) -> Tensor:
            output = vae.encode(part)
            kinds[:] = [output]
            return _moments(output)

        return _of_kind(kinds, blended(one, picture, cells, takes=factor))

    def decode(latents: Tensor, *_: Any, **others: Any) -> Any:
        def one(part: Tensor, _top: int, _left: int) -> Tensor:
            decoded: Tensor = vae.decode(part, **{**others, "return_dict": False})[0]
            return decoded

        return (blended(one, latents, cells, gives=factor),)

    view.encode, view.decode = encode, decode
    return view


def _singly(vae: Any) -> Any:
    """A view of an autoencoder that decodes the pictures of a batch one after the other.

    That takes no longer, less memory, and gives each the bits that it would have alone.
    """
    view = copy.copy(vae)

    def decode(latents: Tensor, *_: Any, **others: Any) -> Any:
        given = {**others, "return_dict": False}
        return (torch.cat([vae.decode(one, **given)[0] for one in torch.split(latents, 1)]),)

    view.decode = decode
    return view


def _moments(output: Any) -> Tensor:
    """The numbers that an autoencoder's encode gives: a distribution's parameters, or latents."""
    found: Tensor = output.latent_dist.parameters if "latent_dist" in output else output.latent
    return found


def _of_kind(kinds: list[Any], numbers: Tensor) -> Any:
    """What encode would have given for the whole picture."""
    output = kinds[0]
    if "latent_dist" in output:
        return type(output)(latent_dist=type(output.latent_dist)(numbers))
    return type(output)(latent=numbers)
