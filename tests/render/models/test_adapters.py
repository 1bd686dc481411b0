"""LoRAs, autoencoders, embeddings: on when a recipe names them, gone without a trace otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from peft import LoraConfig, get_peft_model_state_dict
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPImageProcessorPil

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import LoraFile, Model
from hotfolder.recipes.recipe import Lora as Named
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import regenerate
from hotfolder.render.engine import Engine
from hotfolder.render.rendered import Facts
from tests.render import tiny

SOURCE = Image.new("RGB", (70, 52), "orange")


def lora(models: Path, model: str, folder: Path, seed: int, text: bool = False) -> Path:
    """A random LoRA for the denoiser of a tiny model, and for its text encoder if `text`."""
    kind = StableDiffusionPipeline if model == "sd" else StableDiffusionXLPipeline
    pipe = kind.from_pretrained(models / model, dtype=torch.float32)
    torch.manual_seed(seed)
    layers = {}
    targets = {"unet": ["to_q", "to_v"]} | ({"text_encoder": ["q_proj", "v_proj"]} if text else {})
    for part, names in targets.items():
        module = getattr(pipe, part)
        module.add_adapter(LoraConfig(r=2, target_modules=names, init_lora_weights=False))
        layers[f"{part}_lora_layers"] = get_peft_model_state_dict(module, adapter_name="default")
    kind.save_lora_weights(folder, **layers, weight_name=f"style{seed}.safetensors")
    return folder / f"style{seed}.safetensors"


@pytest.fixture(scope="module")
def engine(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine whose model sd has two LoRAs, one of them for the text encoder as well."""
    folder = tmp_path_factory.mktemp("additions")
    shutil.copytree(models, folder / "models")
    loras = [
        LoraFile(str(lora(models, "sd", folder, 1)), name="ink"),
        LoraFile(str(lora(models, "sd", folder, 2, text=True)), name="v1.5 wool"),
        LoraFile(str(lora(models, "sdxl", folder, 3)), name="large"),
        LoraFile("./gone.safetensors", name="gone"),
        LoraFile("./old.ckpt", name="old"),
        LoraFile("./torn.safetensors", name="torn"),
        LoraFile("./castle.safetensors", name="word"),
        LoraFile("./nothing.safetensors", name="nothing"),
        LoraFile("./told.safetensors", name="told"),
    ]
    (folder / "old.ckpt").write_bytes(b"\x80\x04")
    (folder / "torn.safetensors").write_bytes(b"torn")
    save_file({"emb_params": torch.randn(2, 32)}, folder / "castle.safetensors")
    style = load_file(folder / "style1.safetensors")
    save_file({n: torch.zeros_like(t) for n, t in style.items()}, folder / "nothing.safetensors")
    other = load_file(folder / "style3.safetensors")
    save_file(other, folder / "told.safetensors", {"ss_base_model_version": "sdxl_base_v1-0"})
    save_file({"emb_params": torch.randn(1, 48)}, folder / "wide.safetensors")
    words = {"castle": "./castle.safetensors", "sea": "./wide.safetensors"}
    words["hill"] = "./style1.safetensors"
    both = {"clip_l": torch.randn(2, 32), "clip_g": torch.randn(2, 32)}
    save_file(both, folder / "both.safetensors")
    sd = Model(source="./models/sd", multiple=16, loras=loras, embeddings=words)
    sdxl = Model(source="./models/sdxl", multiple=16, embeddings={"castle": "./both.safetensors"})
    return Engine({"sd": sd, "sdxl": sdxl}, folder, device="cpu", threads=1)


def changed(recipe: Recipe, **values: object) -> Recipe:
    """`recipe` with other values."""
    return msgspec.structs.replace(recipe, **values)


def made(engine: Engine, recipe: Recipe) -> str:
    """The pixel hash of `recipe`'s picture."""
    return pixel_hash(engine.render(recipe).image)


def test_loras_change_pictures_and_leave_no_trace(engine: Engine, draft: Recipe) -> None:
    """Each set of LoRAs and scales has its own picture; without any it is as if none were read."""
    plain = made(engine, draft)
    ink, wool = Named("ink", 1.0), Named("v1.5 wool", 0.7)
    sets = [(ink,), (Named("ink", 0.5),), (wool,), (ink, wool)]
    pictures = [made(engine, changed(draft, loras=loras)) for loras in sets]
    assert len({plain, *pictures}) == 5
    assert made(engine, draft) == plain
    assert [made(engine, changed(draft, loras=loras)) for loras in sets] == pictures


def test_renders_with_other_loras_nest(
    models: Path, draft: Recipe, final: Recipe, engine: Engine
) -> None:
    """A draft interrupted by a final with a LoRA that was never read before is as alone."""
    alone = (
        made(engine, draft),
        pixel_hash(engine.render(changed(final, loras=(Named("ink", 1.0),)), SOURCE).image),
    )
    wool = changed(draft, loras=(Named("v1.5 wool", 1.0),))
    woollen = made(engine, wool)
    engine.unload()
    inner: list[str] = []

    def make_room(step: int, steps: int) -> None:
        if step == 2:
            with_ink = changed(final, loras=(Named("ink", 1.0),))
            inner.append(pixel_hash(engine.render(with_ink, SOURCE).image))

    assert pixel_hash(engine.render(draft, on_step=make_room).image) == alone[0]
    assert pixel_hash(engine.render(wool, on_step=make_room).image) == woollen
    assert inner == [alone[1]] * 2


def test_a_lora_has_its_fingerprint(engine: Engine, draft: Recipe) -> None:
    """What was put on is in the facts, by its name and the SHA-256 of its file."""
    assert engine.render(draft).facts.additions == {}
    facts = engine.render(changed(draft, loras=(Named("ink", 1.0),))).facts
    assert list(facts.additions) == ["ink"]
    assert len(facts.additions["ink"]) == 64
    both = (Named("ink", 1.0), Named("v1.5 wool", 1.0))
    assert engine.render(changed(draft, loras=both)).facts.notes == ()  # all of them is used


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("large", "the LoRA 'large' does not fit this model"),
        ("gone", r"model\.loras: there is no file .*gone\.safetensors"),
        ("old", r"old\.ckpt is not a \.safetensors file; pickled weights can run code"),
        ("torn", r"torn\.safetensors is damaged"),
        ("word", r"castle\.safetensors is no LoRA: it is an embedding: name its folder"),
        ("nothing", "the LoRA 'nothing' changes nothing: all that it adds is zero"),
        ("told", "it was made for sdxl_base_v1-0"),
        ("unk", "no profile here has the LoRA 'unk'; did you mean 'ink'"),
    ],
)
def test_a_lora_that_cannot_be_used(engine: Engine, draft: Recipe, name: str, says: str) -> None:
    """A sentence names the LoRA or its file, and the model draws on as before."""
    plain = made(engine, draft)
    with pytest.raises(RenderError, match=says):
        engine.render(changed(draft, loras=(Named(name, 1.0),)))
    assert made(engine, draft) == plain


def test_an_embedding_gives_a_word_a_meaning(engine: Engine, draft: Recipe) -> None:
    """The word of the prompt is replaced only where the recipe names the embedding."""
    for model in ("sd", "sdxl"):
        plain = changed(draft, model=model)
        with_word = changed(plain, embeddings=("castle",))
        assert made(engine, with_word) != made(engine, plain)
        assert made(engine, with_word) == made(engine, with_word)
        unsaid = changed(with_word, prompt="a lake")
        assert made(engine, unsaid) == made(engine, changed(unsaid, embeddings=()))


def test_an_embedding_of_another_family(engine: Engine, draft: Recipe) -> None:
    """Vectors of another width are told in words."""
    with pytest.raises(RenderError, match=r"'sea' does not fit.* have 48 numbers .* have 32"):
        engine.render(changed(draft, embeddings=("sea",)))
    with pytest.raises(RenderError, match=r"style1\.safetensors is no embedding: it is a LoRA"):
        engine.render(changed(draft, embeddings=("hill",)))


def test_another_autoencoder(models: Path, draft: Recipe, tmp_path: Path) -> None:
    """A folder or a file takes the place of the model's own, and is in the facts."""
    shutil.copytree(models / "sd", tmp_path / "sd")
    torch.manual_seed(9)
    other = tiny.vae()
    other.save_pretrained(tmp_path / "softer")
    sources = {"plain": "", "softer": "./softer"}
    offered = {name: Model(source="./sd", multiple=16, vae=vae) for name, vae in sources.items()}
    engine = Engine(offered, tmp_path, device="cpu", threads=1)
    plain = engine.render(changed(draft, model="plain"))
    softer = engine.render(changed(draft, model="softer"))
    assert pixel_hash(plain.image) != pixel_hash(softer.image)
    assert list(softer.facts.additions) == ["softer"]


def test_an_autoencoder_of_another_family(models: Path, draft: Recipe, tmp_path: Path) -> None:
    """Other latents are told in words before anything is drawn with them."""
    shutil.copytree(models / "sd", tmp_path / "sd")
    tiny.vae(8).save_pretrained(tmp_path / "eight")
    tiny.vae(scaling_factor=0.13025).save_pretrained(tmp_path / "xl")
    for name in ("eight", "xl"):
        engine = Engine({"sd": Model(source="./sd", vae=f"./{name}")}, tmp_path, device="cpu")
        with pytest.raises(RenderError, match=rf"model\.vae: {name} is not made for this model"):
            engine.render(draft)
    engine = Engine({"sd": Model(source="./sd", vae="./gone.safetensors")}, tmp_path, device="cpu")
    with pytest.raises(ModelMissingError, match=r"model\.vae: there is no file"):
        engine.render(draft)


def test_a_model_without_a_safety_checker(engine: Engine, draft: Recipe) -> None:
    """Asking for a filter that the model has not is told in words, not passed over."""
    with pytest.raises(RenderError, match="comes without a safety checker"):
        engine.render(changed(draft, safety_checker=True))


def test_regenerating_notices_another_lora(models: Path, draft: Recipe, tmp_path: Path) -> None:
    """A picture made with a LoRA whose file was exchanged differs, and that is said."""
    shutil.copytree(models / "sd", tmp_path / "sd")
    shutil.copy(lora(models, "sd", tmp_path, 1), tmp_path / "ink.safetensors")
    model = Model(source="./sd", multiple=16, loras=[LoraFile("./ink.safetensors")])
    with_ink = changed(draft, loras=(Named("ink", 1.0),))
    rendered = Engine({"sd": model}, tmp_path, device="cpu", threads=1).render(with_ink)
    facts = {field: getattr(rendered.facts, field) for field in Facts.__slots__}
    record = Record(stage="draft", pixels=pixel_hash(rendered.image), **facts)
    again = Engine({"sd": model}, tmp_path, device="cpu", threads=1)
    assert regenerate(with_ink, record, again, lambda _: None).verdict == "identical"
    shutil.copy(lora(models, "sd", tmp_path, 4), tmp_path / "ink.safetensors")
    exchanged = Engine({"sd": model}, tmp_path, device="cpu", threads=1)
    remade = regenerate(with_ink, record, exchanged, lambda _: None)
    assert remade.verdict == "differs"
    assert remade.differences[0].startswith("the file of ink was ")


def test_the_safety_checker_paints_black(models: Path, draft: Recipe, tmp_path: Path) -> None:
    """Asked for, the model's own filter judges each picture; unasked, it is not even read."""
    shutil.copytree(models / "sd", tmp_path / "sd")
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    config = CLIPConfig(
        text_config={**small, "num_attention_heads": 2, "vocab_size": 9},
        vision_config={**small, "num_attention_heads": 2, "image_size": 30, "patch_size": 10},
        projection_dim=8,
    )
    checker = StableDiffusionSafetyChecker(config)
    checker.concept_embeds_weights.data.fill_(-2)  # everything is like what it does not like
    checker.save_pretrained(tmp_path / "sd" / "safety_checker")
    size = {"height": 30, "width": 30}
    CLIPImageProcessorPil(size={"shortest_edge": 30}, crop_size=size).save_pretrained(
        tmp_path / "sd" / "feature_extractor"
    )
    engine = Engine({"sd": Model(source="./sd", multiple=16)}, tmp_path, "cpu", 1)
    assert engine.render(draft).image.getextrema() != ((0, 0),) * 3
    assert engine.render(changed(draft, safety_checker=True)).image.getextrema() == ((0, 0),) * 3
