"""What people write where a profile wants to know where weights are."""

from __future__ import annotations

import pytest

from hotfolder.errors import MistakesError
from hotfolder.recipes import sources
from hotfolder.recipes.profile import resolve


@pytest.mark.parametrize(
    "source",
    [
        "shipped:postcard",
        "black-forest-labs/FLUX.2-klein-4B",
        "hub:owner/name/folder/x.safetensors",
        "./models/x.safetensors",
        "~/models/x.safetensors",
        r"D:\models\x.safetensors",
        r"\\server\share\x.safetensors",
        "/mnt/100% models/$5/x.safetensors",
        "models/it's mine.safetensors",
    ],
)
def test_paths_and_names(source: str) -> None:
    """What can be a path or a name of the hub is taken as it is."""
    assert sources.check(source) == source


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("https://huggingface.co/owner/name", 'expected "owner/name"'),
        ("huggingface.co/owner/name/", 'expected "owner/name"'),
        ("https://hf.co/owner/name/tree/v2", 'expected "owner/name" and revision = "v2"'),
        (
            "https://huggingface.co/owner/name/resolve/main/a/x.safetensors?download=true",
            'expected "hub:owner/name/a/x.safetensors"',
        ),
        (
            "https://huggingface.co/o/n/blob/abc123/x.gguf",
            'expected "hub:o/n/x.gguf" and revision = "abc123"',
        ),
        ("https://civitai.com/models/4201/realistic-vision", "(download it in a browser)"),
        ("civitai.com/models/4201", "(download it in a browser)"),
        ("https://huggingface.co/datasets/o/n", "(download it in a browser)"),
        ("urn:air:sdxl:checkpoint:civitai:101055@128078", "(download it in a browser)"),
        ("file:///D:/x.safetensors", "expected a path without file://"),
        (r'"D:\x.safetensors"', r"expected D:\x.safetensors without the inner quotes"),
        (r"%USERPROFILE%\x.safetensors", "may begin with ~ (variables"),
        ("$HOME/x.safetensors", "may begin with ~ (variables"),
        ("${HOME}/x.safetensors", "may begin with ~ (variables"),
        (r"$env:USERPROFILE\x.safetensors", "may begin with ~ (variables"),
    ],
)
@pytest.mark.parametrize("key", ["source", "transformer", "text_encoder", "vae"])
def test_what_is_neither(source: str, says: str, key: str) -> None:
    """Addresses, quotes and variables are told with what to write, at the key."""
    model = {"source": "owner/name", key: source}
    with pytest.raises(MistakesError) as told:
        resolve("p", {"p": {"model": model}})
    assert [mistake.where for mistake in told.value.mistakes] == [f"model.{key}"]
    assert says in told.value.mistakes[0].says


def test_what_it_may_mean_instead() -> None:
    """Names of the hub with a revision, and files of it without the word for it."""
    assert sources.hint("owner/name@main").endswith('source = "owner/name" and revision = "main"')
    assert sources.hint("owner/name/x.safetensors").endswith('"hub:owner/name/x.safetensors"')
    assert sources.hint("./x.safetensors") == sources.hint("models/x.safetensors") == ""
    assert not sources.is_hub_id("my models/sd v1")
    assert not sources.is_hub_id("owner/name:Q4_K_M")
