"""A compiled denoiser: the same bits every time, told in the plan, and no stopped queue without."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig, get_peft_model_state_dict

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import LoraFile, Model
from hotfolder.recipes.recipe import Lora as Named
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import regenerate
from hotfolder.render import compilation
from hotfolder.render.compilation import Compiled, NotCompiledError
from hotfolder.render.engine import Engine
from hotfolder.render.rendered import Rendered
from tests.render import tiny

COMPILED = "resident, compiled"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model small/, which compiles in seconds."""
    folder = tmp_path_factory.mktemp("models")
    shape = {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)}
    tiny.stable_diffusion(folder / "small", block_out_channels=(16,), mid_block_type=None, **shape)
    return folder


@pytest.fixture(scope="module")
def small(models: Path) -> Engine:
    """An engine that compiles the model."""
    return engine(models, compile=True)


def engine(models: Path, **more: object) -> Engine:
    model = Model(source="./small", multiple=tiny.MULTIPLE)
    return Engine({"sd": msgspec.structs.replace(model, **more)}, models, "cpu", 1)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled is kept in one folder for all tests."""
    folder = tmp_path_factory.getbasetemp() / "compiled"
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(folder))


@pytest.fixture
def compiler(tool: Callable[[str], str]) -> str:
    """The path of a C++ compiler."""
    return tool("g++")


def params(made: Rendered) -> tuple[str, str]:
    return pixel_hash(made.image), made.facts.memory_plan


@pytest.mark.usefixtures("compiler")
def test_the_same_bits(
    models: Path, small: Engine, draft: Recipe, final: Recipe, tmp_path: Path
) -> None:
    """Twice, after another size, with a final between two steps, stopped, and by a record alone."""
    made = small.render(draft)
    first = params(made)
    assert first[1] == COMPILED
    assert "g++" in made.facts.versions["compiler"]
    refined = params(small.render(final, made.image))
    assert refined[1] == COMPILED
    assert params(small.render(draft)) == first

    inner = []

    def refine(step: int, _: int) -> None:
        if step == 2:
            inner.append(params(small.render(final, made.image)))

    assert params(small.render(draft, on_step=refine)) == first
    assert inner == [refined]

    def stop(step: int, _: int) -> None:
        if step == 2:
            raise Stopped

    steps: list[int] = []
    with pytest.raises(Stopped):
        small.render(draft, on_step=stop, resume=tmp_path / "state")
    resumed = small.render(
        draft, on_step=lambda step, _: steps.append(step), resume=tmp_path / "state"
    )
    assert params(resumed) == first
    assert steps == [3, 4]

    plain = engine(models)
    assert params(plain.render(final, made.image, plan=COMPILED)) == refined  # in another order
    assert params(plain.render(draft, plan=COMPILED)) == first
    assert params(plain.render(draft)) != first


@pytest.fixture
def no_compiler() -> Iterator[None]:
    """A computer whose C++ compiler is a program that fails."""
    from torch._inductor import config

    compilation.compiler.cache_clear()
    with config.patch({"cpp.cxx": ("/bin/false",)}):
        yield
    compilation.compiler.cache_clear()


@pytest.mark.usefixtures("no_compiler")
def test_without_a_compiler(models: Path, draft: Recipe, caplog: pytest.LogCaptureFixture) -> None:
    """Pictures are made without, which is said once, and told where a record says otherwise."""
    without, plain = engine(models, compile=True), params(engine(models).render(draft))
    assert params(without.render(draft)) == plain == (plain[0], "resident")
    assert params(without.render(draft)) == plain
    (said,) = caplog.messages
    assert "sd: this model cannot be compiled here: there is no C++ compiler" in said
    record = Record(stage="draft", pixels="0" * 64, memory_plan=COMPILED)
    remade = regenerate(draft, record, engine(models), lambda _: None)
    assert remade.verdict == "differs"
    assert "the memory plan was resident, compiled, now it is resident" in remade.differences


@pytest.mark.usefixtures("compiler")
def test_too_many_sizes(
    models: Path, draft: Recipe, final: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch would compute the next size without a word; the plan says that it was not compiled."""
    monkeypatch.setattr(compilation, "MOST_SHAPES", 1)
    one = engine(models, compile=True)
    made = one.render(draft)
    refined = one.render(final, made.image)
    assert (params(made)[1], params(refined)[1]) == (COMPILED, "resident")
    assert params(refined) == params(engine(models).render(final, made.image))


@pytest.mark.usefixtures("compiler")
def test_an_unloaded_model_is_gone(models: Path, draft: Recipe) -> None:
    """What torch keeps of compiled code keeps no weights in memory."""
    used = engine(models, compile=True)
    assert params(used.render(draft))[1] == COMPILED
    unet = weakref.ref(used.load("sd").pipe.unet)
    used.unload()
    gc.collect()
    assert unet() is None


@pytest.mark.usefixtures("compiler")
def test_loras_leave_no_trace(models: Path, tmp_path: Path, draft: Recipe) -> None:
    """Pictures with LoRAs are made without; those around them and after them do not notice."""
    loras = [LoraFile(str(lora(models, tmp_path)), name="ink")]
    with_ink = msgspec.structs.replace(draft, loras=(Named("ink", 1.0),))
    compiling = engine(models, compile=True, loras=loras)
    plain, inked = params(compiling.render(draft)), params(compiling.render(with_ink))
    assert (plain[1], inked[1]) == (COMPILED, "resident")
    inner = []

    def ink(step: int, _: int) -> None:
        if step == 2:
            inner.append(params(compiling.render(with_ink)))

    assert params(compiling.render(draft, on_step=ink)) == plain
    assert inner == [inked]


def lora(models: Path, folder: Path) -> Path:
    """A random LoRA for the denoiser of the model small/."""
    pipe = StableDiffusionPipeline.from_pretrained(models / "small", dtype=torch.float32)
    config = LoraConfig(r=2, target_modules=["time_emb_proj"], init_lora_weights=False)
    pipe.unet.add_adapter(config)
    layers = get_peft_model_state_dict(pipe.unet, adapter_name="default")
    pipe.save_lora_weights(folder, unet_lora_layers=layers, weight_name="ink.safetensors")
    return folder / "ink.safetensors"


class Deciding(torch.nn.Module):
    """A denoiser that decides by its values, which no compiled code can."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Twice the latents, or their half."""
        return latents * 2 if latents.sum() > 0 else latents / 2


def test_what_cannot_be_compiled() -> None:
    """It says so, with torch's own reason."""
    compiled = Compiled(Deciding())
    with pytest.raises(NotCompiledError, match="cannot be compiled here"):
        compiled(torch.ones(4))
    assert compiled.trouble


def test_an_answer_without_compiled_code_is_not_taken() -> None:
    """Where torch was told to compile nothing, it computes without and says nothing."""
    with torch.compiler.set_stance("force_eager"):
        assert torch.compile(torch.nn.Identity())(torch.ones(1)) == 1
        with pytest.raises(NotCompiledError, match="without compiling"):
            Compiled(torch.nn.Identity())(torch.ones(4))


def test_compiled_code_is_kept_where_only_its_owner_writes(tmp_path: Path) -> None:
    """Not in a folder in /tmp that another user can make first."""
    code = (
        "import hotfolder.render\n"
        "from torch._inductor import cpp_builder\n"
        "import os; print(os.environ['TORCHINDUCTOR_CACHE_DIR'])"
    )
    kept = {k: v for k, v in os.environ.items() if k != "TORCHINDUCTOR_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
