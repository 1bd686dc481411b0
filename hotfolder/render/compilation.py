"""A denoiser as machine code: torch writes a program for each shape and has it compiled.

That computes the same numbers with other roundings, so it is part of the memory plan. Three things
would make the bits hang on chance, and none can happen here: torch times rival kernels and takes
the fastest (`deterministic` forbids it); it makes code for many shapes once a second one comes
(`dynamic=False`); and where it cannot compile, or has compiled often, it computes without, silently
(an answer that did not come out of compiled code is not taken).
"""

from __future__ import annotations

import functools
import importlib
import inspect
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from hotfolder.errors import RenderError

MOST_SHAPES = 64  # each takes a minute or so to compile, and some megabytes


class NotCompiledError(RenderError):
    """A denoiser cannot be compiled here, for this shape or at all. It still works without."""


class Compiled:
    """What computes as `denoiser` does, by machine code for each shape it is called with.

    `trouble` says why it could not, once it could not; there is no use in calling it again.
    """

    def __init__(self, denoiser: Any) -> None:
        self.trouble = ""
        self._denoiser = denoiser
        self._runs = [0]

    def __call__(self, *given: Any, **more: Any) -> Any:
        """The denoiser's answer. Raises NotCompiledError where no compiled code can give one."""
        (before,) = self._runs
        try:
            answer = self._code(*given, **more)
        except Exception as error:  # compilers and their absence have as many names as systems
            if self._runs > [before]:
                raise
            raise self._failed((str(error).splitlines() or [type(error).__name__])[0]) from error
        if self._runs == [before]:
            raise self._failed("torch computed without compiling")
        return answer

    def tools(self, device: str) -> dict[str, str]:
        """The compiler and its version, as a record names it; NotCompiledError where none is."""
        if "isolate_recompiles" not in inspect.signature(torch.compile).parameters:
            raise self._failed("this version of torch is too old for it")
        try:
            return {"compiler": compiler(device)}
        except (RuntimeError, OSError, subprocess.SubprocessError):
            says = "there is no C++ compiler (on Debian and Ubuntu: sudo apt install g++)"
            raise self._failed(says) from None
        except ImportError:
            raise self._failed("the Python package triton is not installed") from None

    @functools.cached_property
    def _code(self) -> Callable[..., Any]:
        """torch's stand-in for the denoiser. The first one takes seconds of imports to make."""
        import torch._inductor.config

        torch._inductor.config.deterministic = True
        compile_: Callable[..., Callable[..., Any]] = torch.compile
        return compile_(
            self._denoiser,
            fullgraph=True,
            dynamic=False,
            backend=functools.partial(_program, self._runs),  # kept for ever: not with `self`
            recompile_limit=MOST_SHAPES,
            isolate_recompiles=True,
        )

    def _failed(self, why: str) -> NotCompiledError:
        self.trouble = (
            f"this model cannot be compiled here: {why}. "
            "Its pictures are made without that; compile = false under [model] skips the attempt"
        )
        return NotCompiledError(self.trouble)


def _program(runs: list[int], graph: Any, inputs: list[Any]) -> Callable[..., Any]:
    """The machine code of what torch saw a denoiser do; it counts its runs in `runs`."""
    program = torch._inductor.compile(graph, inputs)

    def counted(*tensors: Any) -> Any:
        runs[0] += 1
        return program(*tensors)

    return counted


@functools.cache
def compiler(device: str) -> str:
    """What compiles for `device`, with its version: other versions can give other bits."""
    if device != "cpu":
        return f"triton {importlib.import_module('triton').__version__}"
    from torch._inductor import cpp_builder

    command = [cpp_builder.get_cpp_compiler(), "--version"]
    return subprocess.check_output(command, text=True).splitlines()[0]


@contextmanager
def afresh() -> Iterator[None]:
    """Compile as if nothing had been compiled on this computer before, and keep nothing."""
    from torch._inductor.utils import fresh_cache

    with fresh_cache():
        yield
