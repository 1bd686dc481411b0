"""Every stage of the training runs, goes on from its checkpoint, and ends in a model that loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from training import (
    checkpoint,
    denoise_corpus,
    encode_corpus,
    evaluate,
    export,
    judge,
    on_gpu,
    paint_corpus,
    parts,
    run,
    take_shipped,
    train_autoencoder,
    train_decoder,
    train_denoiser,
    train_text_encoder,
)
from training.architecture import DESIGNS
from training.sizes import FACTOR, HALF_SIZES, SIZES

SOME = [(SIZES[0], 0), (SIZES[1], 0), (HALF_SIZES[0], 0)]
MOMENT = 0.004  # minutes


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shipped model's checkpoints and a tiny corpus, encoded."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("postcard-training")
    take_shipped.take_shipped(export.MODEL, folder)
    for size, chunk in SOME:
        paint_corpus.paint_chunk((folder, size, chunk, 6))
    encode_corpus.encode_chunks(folder, SOME)
    return folder


def test_the_shipped_model_comes_back_as_it_is(work: Path, tmp_path: Path) -> None:
    """Taken as checkpoints and exported again, the model has the same weights."""
    export.export(work, tmp_path)
    for part in ("vae", "unet", "text_encoder"):
        (before,) = (export.MODEL / part).glob("*.safetensors")
        old, new = load_file(before), load_file(tmp_path / part / before.name)
        old, new = (
            {name.removeprefix("text_model."): weight for name, weight in weights.items()}
            for weights in (old, new)
        )
        assert old.keys() == new.keys()
        assert all(torch.equal(old[name], new[name]) for name in old)
    for name in ("vocab.json", "merges.txt"):
        assert (tmp_path / "tokenizer" / name).read_bytes() == (
            export.MODEL / "tokenizer" / name
        ).read_bytes()


def test_a_corpus_has_pictures_parts_and_latents(work: Path) -> None:
    """They belong together, and no two chunks share a seed."""
    for size, chunk in SOME:
        pictures = np.load(paint_corpus.chunk_path(work, size, chunk))
        marked = np.load(paint_corpus.parts_path(work, size, chunk))
        latents = np.load(encode_corpus.latent_path(work, size, chunk))
        assert pictures.shape == (6, size.height, size.width, 3)
        assert marked.shape == pictures.shape[:3]
        assert latents.shape == (6, 8, size.height // FACTOR, size.width // FACTOR)
    seeds = [set(paint_corpus.seeds_of(size, chunk)) for size in SIZES for chunk in range(3)]
    assert len(set.union(*seeds)) == sum(map(len, seeds))


def test_the_denoiser_trains(work: Path, tmp_path: Path) -> None:
    """At half size and at full size; errors weigh more where a subject is."""
    for half in (True, False):
        options = train_denoiser.Options(work, MOMENT, 500, 1e-4, 1e-4, 2, 0, 2.0, half)
        data = train_denoiser.Latents(options)
        batch = data.draw(np.random.default_rng(0))
        assert batch.weights.shape == (len(batch.latents), 1, *batch.latents.shape[2:])
        assert 1 <= batch.weights.min() < batch.weights.max() <= 2
        train_denoiser.train(0, options)
    state = checkpoint.load(work / "denoiser.pt")
    assert state is not None and state["samples"] > 0


def test_the_decoder_trains_alone(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on from its own checkpoint and leaves the encoder as it is."""
    monkeypatch.setattr(denoise_corpus, "BATCH", 2)
    monkeypatch.setattr(denoise_corpus, "REDONE", (1, 2, denoise_corpus.STEPS))
    pipeline = export.build_pipeline(work)
    for size, chunk in SOME[:2]:
        denoise_corpus.denoise_chunk(pipeline, work, size, chunk, 6)
    again = np.load(denoise_corpus.denoised_path(work, *SOME[0]))
    encoded = np.load(encode_corpus.latent_path(work, *SOME[0]))
    apart = np.abs(again - encoded).mean((1, 2, 3))
    assert apart[:4].max() < 0.5 < apart[4:].min()
    encoder = checkpoint.load(work / "autoencoder.pt")
    options = train_decoder.Options(work, 2 * MOMENT, 1e-4, 2, 0.3, 3.0, 2)
    for _ in range(2):
        train_decoder.train(0, options)
    decoder = checkpoint.load(work / "decoder.pt")
    assert encoder is not None and decoder is not None
    exported = export.trained_autoencoder(work).state_dict()
    name = "decoder.mid_block.resnets.0.conv1.weight"
    assert torch.equal(exported[name], decoder["decoder"][name.removeprefix("decoder.")])
    assert not torch.equal(exported[name], encoder["averaged"][name])
    name = "encoder.mid_block.resnets.0.conv1.weight"
    assert torch.equal(exported[name], encoder["averaged"][name])


@pytest.mark.parametrize("design", DESIGNS)
def test_the_autoencoder_trains(work: Path, tmp_path: Path, design: str) -> None:
    """Each design, from nothing; the checkpoint says which. One stays near the shipped latents."""
    (tmp_path / "corpus").symlink_to(work / "corpus")
    (tmp_path / "parts").symlink_to(work / "parts")
    options = train_autoencoder.Options(tmp_path, MOMENT, 1e-3, 2, 0.25, 3.0, 0.0, design)
    if design == "small":
        options = replace(options, anchor=0.05)
    train_autoencoder.train(0, options)
    vae = export.trained_autoencoder(tmp_path)
    assert vae.config.latent_channels == DESIGNS[design].latent_channels
    assert tuple(vae.config.block_out_channels) == DESIGNS[design].widths


def test_words_are_learned_before_pictures(work: Path, tmp_path: Path) -> None:
    """A new training has a tokenizer of both languages; shipped words keep what they mean."""
    train_text_encoder.train(tmp_path, MOMENT)
    (tmp_path / "text_encoder.pt").unlink()
    take_shipped.take_shipped(export.MODEL, tmp_path, "wide-16", new_words=True)
    new, old = (checkpoint.load(folder / "denoiser.pt") for folder in (tmp_path, work))
    tokenizers = [take_shipped.tokenizer_of(folder) for folder in (tmp_path, work)]
    assert len(tokenizers[0]) > len(tokenizers[1])
    assert new is not None and old is not None
    rows = [
        state["text_encoder"][take_shipped.EMBEDDING][tokenizer.get_vocab()["castle</w>"]]
        for state, tokenizer in zip((new, old), tokenizers, strict=True)
    ]
    assert torch.allclose(*rows, atol=0.01)
    assert new["unet"]["conv_in.weight"].shape[1] == 16


def test_the_judges_train(work: Path) -> None:
    """Both judges learn from the corpus and are found again; the marks have the parts' shape."""
    parts.train(work, MOMENT)
    judge.train(work, MOMENT)
    pictures = np.load(paint_corpus.chunk_path(work, *SOME[0]))
    assert parts.marks(parts.load_marker(work), pictures).shape == (6, 128, 128)
    assert len(judge.verdicts(judge.load_judge(work), pictures)) == 6


def test_steps_come_in_order() -> None:
    """Whatever a step reads, a step before it makes; on a GPU with other batches."""
    plan = run.Plan(500, 250, run.shared_out(10), on_gpu.GPU_BATCHES)
    modules = [step.module for step in run.steps(plan)]
    assert modules.index("train_autoencoder") < modules.index("encode_corpus")
    assert modules.index("denoise_corpus") < modules.index("train_decoder")
    assert sum(run.SHARES.values()) == pytest.approx(1)


def test_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Crispness of the shipped model is measured through the pipelines, beside painted scenes."""
    pipeline, _ = evaluate.load(export.MODEL)
    evaluate.measure_crispness(pipeline, evaluate.Settings(2, 1.0, 0.5), 2)
    told = capsys.readouterr().out
    assert "painted: edges 1." in told and "overshoot" in told
