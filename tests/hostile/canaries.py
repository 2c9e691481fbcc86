"""Texts that nobody may see, one for each place where something is that is not a submission's business."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.keep import parcels
from grader.keep.gradebook import Gradebook
from grader.wall import wire

PLACES = ("environment", "arguments", "memory", "home", "exercise", "earlier", "neighbour", "beside")
# What an attack looks for; it knows how a canary looks, and none of them.
PATTERN = "can" + "ary-[a-z]+-[0-9a-f]{32}"


def drawn() -> dict[str, str]:
    return {place: f"canary-{place}-{secrets.token_hex(16)}" for place in PLACES}


def laid_out(root: Path, canaries: Mapping[str, str]) -> None:
    """In files: of the exercise, of an earlier batch, and of a home."""
    exercise = root / "exercises" / "he_init"
    (exercise / "secret.txt").write_text(canaries["exercise"])
    with (exercise / "checks.py").open("a") as file:
        file.write(f"\n# {canaries['exercise']}\n")
    for name, place in ((".ssh/id_rsa", "home"), (".netrc", "home"), (".config/gh/hosts.yml", "home")):
        path = root / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canaries[place])
    (root / "earlier").mkdir()
    (root / "earlier" / "results.jsonl").write_text(canaries["earlier"])


def readable(path: Path) -> bytes:
    """What a file holds, and where that is compressed, what it becomes."""
    content = path.read_bytes()
    parcel = parcels.unpacked(content) if path.suffix == ".parcel" else None
    return content if parcel is None else b"".join(wire.parts(parcel.record, parcel.arrays))


def found(out: Path, canaries: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Which canary stands in which file of the output, or in whose entry of the gradebook."""
    for path in sorted(out.rglob("*")):
        if path.is_file():
            content = readable(path)
            yield from ((place, path.relative_to(out).as_posix())
                        for place, canary in canaries.items() if canary.encode() in content)
    with Gradebook(out / "gradebook.sqlite") as book:
        for entry in book.entries():
            yield from ((place, entry.result.student) for place, canary in canaries.items()
                        if canary in str(entry))
