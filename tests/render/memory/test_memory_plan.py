"""The memory plan: its text, its choices, its order."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.render.memory import footprint, memory_plan
from hotfolder.render.memory.memory_plan import (
    GIB,
    Budget,
    Footprint,
    Holding,
    Plan,
    Windows,
    Workload,
)

SD15 = Footprint(
    denoiser_bytes=int(1.60 * GIB),
    text_bytes=(int(0.23 * GIB),),
    vae_bytes=int(0.16 * GIB),
    pass_bytes=26 * 320 * 2 / 64,
    decode_bytes=6 * 128 * 2,
    encode_bytes=5 * 128 * 2,
    pairs=True,
    windows=True,
    token_px=8,
    native_px=512,
)
SDXL = Footprint(
    denoiser_bytes=int(4.78 * GIB),
    text_bytes=(int(0.23 * GIB), int(1.29 * GIB)),
    vae_bytes=int(0.31 * GIB),
    pass_bytes=16 * 320 * 2 / 64,
    decode_bytes=6 * 128 * 4,
    encode_bytes=5 * 128 * 4,
    pairs=True,
    windows=True,
    token_px=16,
    native_px=1024,
)
FLUX = Footprint(
    denoiser_bytes=int(22.2 * GIB),
    text_bytes=(int(0.23 * GIB), int(8.9 * GIB)),
    vae_bytes=int(0.16 * GIB),
    pass_bytes=16 * 3072 * 2 / 256,
    decode_bytes=6 * 128 * 2,
    encode_bytes=5 * 128 * 2,
    pairs=False,
    windows=False,
    token_px=16,
    native_px=1024,
)
CARD = Budget(int(7.5 * GIB), 32 * GIB)

models = st.sampled_from([SD15, SDXL, FLUX])
rooms = st.builds(Budget, st.integers(GIB, 80 * GIB), st.sampled_from([0, 8 * GIB, 64 * GIB]))
tasks = st.builds(
    Workload,
    st.tuples(st.integers(16, 8000), st.integers(16, 8000)),
    img2img=st.booleans(),
    guided=st.booleans(),
)


@given(models, rooms, tasks)
def test_each_plan_can_be_read_back(model: Footprint, budget: Budget, workload: Workload) -> None:
    """The text of every plan that can be chosen gives that plan again."""
    for plan in memory_plan.ladder(model, budget, workload):
        assert memory_plan.parse(str(plan)) == plan
        assert memory_plan.parse(memory_plan.after_falling(plan)) == plan


def test_a_plan_reads_as_words() -> None:
    """The text says all that a person wants to know; the simplest plan has one word."""
    plan = Plan("text-offload", Windows(512, 512, 128), True, Windows(768, 640, 64))
    text = "text-offload, vae tiles 512/128, split guidance, windows 768x640/64"
    assert str(plan) == text
    assert str(Plan()) == "resident"
    assert memory_plan.parse("resident") == Plan()
    assert memory_plan.parse("resident, compiled") == Plan(compiled=True)
    assert memory_plan.parse("resident, vae tiles 1056x1152/96").tiles == Windows(1056, 1152, 96)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "everything",
        "resident, and more",
        "resident, windows 64x64/63",  # each would cost as much as a thousand
        "resident, windows 1x1/0",
        "resident, windows 99999x512/64",
        "resident, vae tiles 512/512",
        "resident, vae tiles 512x16384/500",
        "resident, vae tiles 512",
        "resident, vae tiles ٥١٢/64",
        "group-offload; rm -rf",
        "group-offload, compiled",
        "fp8, compiled",
    ],
)
def test_what_nobody_writes_is_refused(text: str) -> None:
    """A picture from anywhere can say only known words, and no sizes that take forever."""
    with pytest.raises(ValueError, match="memory plan"):
        memory_plan.parse(text)


@given(models, rooms, tasks)
def test_what_is_chosen_fits(model: Footprint, budget: Budget, workload: Workload) -> None:
    """The plan is the first one that fits; with more memory no slower one is chosen."""
    plans = list(memory_plan.ladder(model, budget, workload))
    chosen = memory_plan.choose(model, budget, workload)
    fitting = [
        p for p in plans if memory_plan.peak_bytes(p, model, workload) <= budget.device_bytes
    ]
    assert chosen == (fitting[0] if fitting else None)
    assert memory_plan.most_frugal(model, budget, workload) in plans


@given(models, rooms, tasks)
def test_after_failing_something_smaller_is_tried(
    model: Footprint, budget: Budget, workload: Workload
) -> None:
    """Whoever takes off what failed ends soon, with less each time."""
    peaks = []
    while (chosen := memory_plan.choose(model, budget, workload)) is not None:
        peaks.append(memory_plan.peak_bytes(chosen, model, workload))
        budget = Budget(peaks[-1] - 1, budget.host_bytes)
    assert peaks == sorted(set(peaks), reverse=True)
    assert len(peaks) < 40


@given(models, rooms, tasks)
def test_the_largest_that_fits_is_smaller(
    model: Footprint, budget: Budget, workload: Workload
) -> None:
    """It has multiples of 64 px and a plan; None where not even a tenth as wide has one."""
    sides = memory_plan.largest(model, budget, workload)
    if sides is None:
        width, height = (max(64, side // 10 // 64 * 64) for side in workload.sides)
        assert memory_plan.choose(model, budget, replace(workload, sides=(width, height))) is None
    else:
        assert memory_plan.choose(model, budget, replace(workload, sides=sides)) is not None
        assert all(
            b % 64 == 0 and b <= max(64, a) for a, b in zip(workload.sides, sides, strict=True)
        )


@pytest.mark.parametrize("model", [SD15, SDXL])
def test_what_the_profiles_make_is_rendered_whole(model: Footprint) -> None:
    """Drafts and finals of usual size keep the bits of a plain render wherever they fit."""
    roomy = Budget(24 * GIB, 32 * GIB)
    for sides in ((800, 800), (1000, 1000), (1232, 824)):
        assert memory_plan.choose(model, roomy, Workload(sides, True, True)) == Plan()


@pytest.mark.parametrize("model", [SD15, SDXL])
@pytest.mark.parametrize("sides", [(1920, 1088), (3840, 2160)])
def test_full_hd_and_4k_fit_into_eight_gigabytes(
    model: Footprint, sides: memory_plan.Sides
) -> None:
    """Refinements to Full HD and 4K take less than 7.5 GiB, without slow or lossy weights."""
    plan = memory_plan.choose(model, CARD, Workload(sides, img2img=True, guided=True))
    assert plan is not None
    assert plan.holding in ("resident", "text-offload")


def test_the_text_encoders_leave_before_bits_change() -> None:
    """Where moving the text encoders is enough, the picture is still decoded in one piece."""
    assert memory_plan.choose(SDXL, CARD, Workload((800, 800), guided=True)) == Plan("text-offload")


def test_a_very_large_model_is_streamed() -> None:
    """FLUX.1 fits into eight gigabytes by group offload, its bits unchanged."""
    plan = memory_plan.choose(FLUX, Budget(int(7.5 * GIB), 64 * GIB), Workload((1008, 1008)))
    assert plan is not None
    assert plan.holding == "group-offload"


def test_eight_bits_are_the_last_resort() -> None:
    """Only where the computer cannot hold the weights either are they rounded, for all sizes."""
    small = Budget(4 * GIB, 6 * GIB)
    for sides in ((512, 512), (1920, 1088)):
        plan = memory_plan.choose(SDXL, small, Workload(sides, img2img=True, guided=True))
        assert plan is not None
        assert plan.holding == "fp8"


def test_drafts_are_never_made_by_windows() -> None:
    """Windows would each draw the whole prompt; without a source there is one composition."""
    for sides in ((1920, 1088), (4096, 4096)):
        for plan in memory_plan.ladder(SDXL, CARD, Workload(sides, guided=True)):
            assert plan.windows is None


def test_a_processor_holds_all_its_weights() -> None:
    """On a CPU nothing is moved anywhere."""
    for plan in memory_plan.ladder(SDXL, Budget(8 * GIB), Workload((3840, 2160), True, True)):
        assert plan.holding == "resident"


def test_a_processor_needs_more_beside_the_weights() -> None:
    """Its convolutions copy what they read, and it holds the source of a refinement as well."""
    workload = Workload((1920, 1088), img2img=True, guided=True)
    card, processor = (
        memory_plan.peak_bytes(Plan(), SD15, workload, on_cpu) for on_cpu in (False, True)
    )
    assert processor - card > 0.5 * SD15.decode_bytes * workload.area_px
    between = Budget((card + processor) // 2)
    assert between.holds(Plan(), SD15, workload)
    assert not replace(between, on_cpu=True).holds(Plan(), SD15, workload)


def test_large_finals_cost_no_more_than_their_pixels() -> None:
    """Above twice a window's area the windows come by area alone, however large the memory."""
    endless = Budget(1000 * GIB)
    for sides in ((1920, 1088), (3840, 2160), (8000, 8000)):
        plan = memory_plan.choose(SD15, endless, Workload(sides, True, True))
        assert plan is not None
        assert plan.windows is not None
        assert plan.windows.area_px <= 1.5 * SD15.window_px**2


def test_as_many_together_as_fit() -> None:
    """A small card draws fewer drafts at a time than it is asked for; finals are drawn alone."""
    drafts = Workload((1024, 1024), guided=True)
    alone = memory_plan.choose(SDXL, CARD, drafts)
    assert alone is not None
    plan = memory_plan.together(alone, SDXL, CARD, drafts, 16)
    assert plan.place is not None
    assert 1 < plan.place.of < 16
    assert memory_plan.peak_bytes(plan, SDXL, drafts) <= CARD.device_bytes
    assert memory_plan.parse(str(plan)) == plan
    finals = Workload((1024, 1024), img2img=True, guided=True)
    assert memory_plan.together(alone, SDXL, CARD, finals, 16) == alone


@pytest.mark.parametrize("place", ["place 0 of 4", "place 5 of 4", "place 1 of 17"])
def test_places_that_make_no_sense(place: str) -> None:
    """A picture from anywhere cannot ask for a batch that nobody draws."""
    with pytest.raises(ValueError, match="place"):
        memory_plan.parse(f"resident, {place}")


@given(models, rooms, tasks, st.sampled_from([None, *get_args(Holding)]))
def test_layers_that_stay_are_compiled(
    model: Footprint, budget: Budget, workload: Workload, held: Holding | None
) -> None:
    """Not those that come and go, are stored in eight bits or are seen by windows."""
    for plan in memory_plan.ladder(model, budget, workload):
        compiled = memory_plan.compiled(plan, held, loras=False)
        moves = {plan.holding, held} & {"group-offload", "fp8"}
        assert compiled == replace(plan, compiled=not moves and not plan.windows)
        assert memory_plan.parse(str(compiled)) == compiled
        assert memory_plan.compiled(plan, held, loras=True) == plan


FOUR_BITS = 0.5625  # bytes a number, as GGUF's Q4_K has them


@pytest.mark.parametrize(
    "source",
    ["Tongyi-MAI/Z-Image-Turbo", "black-forest-labs/FLUX.2-klein-4B", "Qwen/Qwen-Image"],
)
def test_large_models_in_four_bits_fit_into_8_gb(source: str) -> None:
    """Counted: drafts of 800x800 and finals of 1000x1000 within 7.5 GiB, in a computer with 48."""
    taken = footprint.of_source(source, "bfloat16")
    assert taken is not None
    numbers = taken.denoiser_bytes // 2
    packed = replace(taken, denoiser_bytes=round(numbers * FOUR_BITS), packed=True)
    budget = Budget(round(7.5 * GIB), 48 * GIB)
    for workload in (Workload((800, 800)), Workload((1008, 1008), img2img=True)):
        plan = memory_plan.choose(packed, budget, workload)
        assert plan is not None
        assert plan.holding != "fp8"
        assert memory_plan.peak_bytes(plan, packed, workload) <= budget.device_bytes
