"""Steps that are guessed from the ones before: faster, at a price in likeness.

diffusers has two ways. "first-block" computes a transformer's first block, and where that says
nearly what it said the last time, takes the rest from then. "taylor" computes every third step, or
what the number says, and goes on in a straight line between. What they remember belongs to one
picture: it is put aside while another one is drawn, and saved with a picture that is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hotfolder.errors import RenderError
from hotfolder.recipes import step_caches
from hotfolder.recipes.model import Model
from hotfolder.render.models import pipelines
from hotfolder.render.models.family import Family

_FIRST = 3  # steps that "taylor" always computes: they decide what there is in the picture


def useless(model: Model, family: Family) -> str:
    """A sentence if models of this family cannot guess steps as a profile says, or ""."""
    if not model.step_cache:
        return ""
    kind, _ = step_caches.read(model.step_cache)
    if kind in family.step_caches:
        return "it cannot be compiled as well; leave out compile" if model.compile else ""
    if others := " or ".join(f'"{other}"' for other in family.step_caches):
        return f"{family.name} models cannot guess steps in this way; write {others} instead"
    return f"{family.name} models have no blocks to guess steps by; leave it out"


def begin(model: Model, pipe: Any, step: Callable[[], int]) -> StepCache:
    """The step cache of a picture that `pipe` draws; `step` says how many steps are done.

    Raises RenderError where its family cannot have the one that the profile of `model` asks for.
    """
    if says := useless(model, pipelines.family(pipe)):
        raise RenderError(f"model.step_cache: {says}")
    return StepCache(pipelines.denoiser(pipe), model.step_cache, step)


class StepCache:
    """What one picture in the making remembers of its steps: nothing, if a profile says nothing.

    The denoiser has it only within `at_work`, and not within `aside`.
    """

    def __init__(
        self, denoiser: Any = None, said: str = "", step: Callable[[], int] = lambda: 0
    ) -> None:
        self._denoiser = denoiser
        self._config = _config(*step_caches.read(said)) if said else None
        self._step = step
        self._memories: list[dict[str, Any]] = []  # of each place, by the pass of a step
        self._pass, self._last = 0, -1
        self._told: Any = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Guess steps meanwhile. Raises RenderError where the denoiser is not made for it."""
        try:
            self._begin()
        except (AttributeError, IndexError, ValueError) as error:
            raise RenderError("this model cannot guess steps; leave out step_cache") from error
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Have the denoiser meanwhile as it is without."""
        self._end()
        try:
            yield
        finally:
            self._begin()

    def states(self) -> list[Any]:
        """The objects whose attributes go from step to step, always in the same order."""
        return [memory[one] for memory in self._memories for one in sorted(memory)]

    def _begin(self) -> None:
        if self._config is None:
            return
        self._denoiser.enable_cache(self._config)
        places = _places(self._denoiser)
        for place, memory in zip(places, self._memories, strict=False):  # none at first
            place._state_cache = memory
        self._memories = [place._state_cache for place in places]
        self._told = self._denoiser.register_forward_pre_hook(self._tell)

    def _end(self) -> None:
        if self._config is None:
            return
        self._told.remove()
        self._denoiser.disable_cache()

    def _tell(self, denoiser: Any, _: Any) -> None:
        """Each pass of a step goes on from the same pass of the steps before.

        Pipelines say which one it is, but not all of them.
        """
        from diffusers.hooks.hooks import CacheContext, _set_cache_context

        step = self._step()
        self._pass = self._pass + 1 if step == self._last else 0
        self._last = step
        _set_cache_context(denoiser, CacheContext(f"{self._pass:03}"))


def _config(kind: str, number: float) -> Any:
    import torch
    from diffusers.hooks import FirstBlockCacheConfig, TaylorSeerCacheConfig

    if kind == "first-block":
        return FirstBlockCacheConfig(number)
    return TaylorSeerCacheConfig(
        cache_interval=int(number),
        disable_cache_before_step=_FIRST,
        taylor_factors_dtype=torch.float32,
        use_lite_mode=True,  # by the last layer alone: else it remembers gigabytes
    )


def _places(denoiser: Any) -> list[Any]:
    """Where the hooks of a denoiser remember something, each once, in the order of its modules."""
    from diffusers.hooks.hooks import StateManager

    found: dict[int, Any] = {}
    for module in denoiser.modules():
        hooks = getattr(module, "_diffusers_hook", None)
        for hook in hooks.hooks.values() if hooks else ():
            for value in vars(hook).values():
                if isinstance(value, StateManager):
                    found.setdefault(id(value), value)
    return list(found.values())
