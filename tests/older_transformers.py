"""Whether programs with an older transformers read the shipped model as this one does.

    python -m tests.older_transformers

Fetches transformers 4.55 and 5.5 into folders of their own; torch is that of this environment.
Tokens and embeddings of some prompts must be the same, and no weight may be newly initialised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from hotfolder.render.models.weights import SHIPPED

OLDER = ("4.55.4", "5.5.0")
PROMPTS = (
    "a lighthouse on a rock in the sea at sunset",
    "Castle, hills, winter night (gulls:1.2) 4k",
    "",
)
# Printed as JSON by whichever transformers comes first on the path.
READ = """
import json, logging, sys
import torch, transformers
from transformers import CLIPTextModel, CLIPTokenizer
folder, prompts = json.loads(sys.argv[1])
tokenizer = CLIPTokenizer.from_pretrained(folder + "/tokenizer")
encoder, told = CLIPTextModel.from_pretrained(
    folder + "/text_encoder", torch_dtype=torch.float32, output_loading_info=True
)
ids = tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
with torch.no_grad():
    words = encoder(ids).last_hidden_state
missing = sorted(told["missing_keys"])
print(json.dumps([transformers.__version__, missing, ids.tolist(), words.mean(-1).tolist()]))
"""


def read(folder: Path, path: str) -> list:
    """What a transformers on the Python path `path` reads of a model's folder."""
    question = json.dumps([str(folder), PROMPTS])
    environment = {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ, question],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def compare(version: str) -> bool:
    """Whether this transformers reads the model as the present one does; prints what differs."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder]
        subprocess.run([*pip, f"transformers=={version}"], check=True)
        present, older = (read(SHIPPED / "postcard", path) for path in ("", folder))
    (now, _, ids, words), (then, missing, old_ids, old_words) = present, older
    apart = float(np.abs(np.array(words) - np.array(old_words)).max())
    tokens = "the same" if ids == old_ids else "others"
    print(
        f"transformers {then} beside {now}: {len(missing)} weights missing, tokens {tokens}, "
        f"embeddings {apart:.2g} apart"
    )
    return not missing and ids == old_ids and apart < 1e-4


if __name__ == "__main__":
    raise SystemExit(not min([compare(version) for version in OLDER]))
