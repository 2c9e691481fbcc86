"""Record the outcomes of the conformance table on a real GPU: ``python -m tests.conformance.record``.

Writes recording.json beside this file: torch's version, the driver, the GPU's name, and every line's outcome.
Lines of a world that this machine is not (two GPUs where there is one; a CPU build where there is CUDA) are
left out. With one GPU among several, set CUDA_VISIBLE_DEVICES=0 to record the lines of `one-gpu`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import torch

from .outcome import agree, outcome
from .snippets import LINES

RECORDING = Path(__file__).with_name("recording.json")
WORLDS = {0: "no-cuda", 1: "one-gpu", 2: "two-gpus"}


def driver() -> str:
    """The version of NVIDIA's driver, as nvidia-smi tells it."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    told = subprocess.run(query, capture_output=True, text=True, check=True)
    return told.stdout.split()[0]


def main() -> int:
    """Record; 1 if a line differs from the table."""
    if not torch.cuda.is_available():
        sys.exit("no GPU here: nothing to record")
    here = WORLDS[min(torch.cuda.device_count(), 2)]
    lines = [(world, snippet, expected, outcome(snippet)) for world, snippet,
             expected in LINES if world == here]
    known = json.loads(RECORDING.read_text()) if RECORDING.exists() else {"machines": {}, "lines": []}
    known["machines"][here] = {
        "torch": torch.__version__, "cuda": torch.version.cuda, "driver": driver(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]}
    known["lines"] = [line for line in known["lines"] if line["world"] != here] + [
        {"world": world, "snippet": snippet, "outcome": seen} for world, snippet, _, seen in lines]
    part = RECORDING.with_suffix(".part")
    part.write_text(json.dumps(known, indent=1) + "\n")
    part.replace(RECORDING)
    differ = [(snippet, expected, seen) for _, snippet, expected, seen in lines if not agree(seen, expected)]
    for snippet, expected, seen in differ:
        print(f"{snippet!r}\n    table:    {expected}\n    recorded: {seen}")
    print(f"{len(lines)} lines of {here} recorded, {len(differ)} differ from the table")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
