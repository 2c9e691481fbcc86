"""What a job's mappings cost Linux: memory that lies in no process. Counted only while the machine's own
memory has grown since the job began, for counting takes a while."""

from __future__ import annotations

from grader.inside.runner.proc import Process, fields

EACH, EACH_GENERATION = 192 + 104, 64   # bytes of a mapping, and once more for each process above its own
CHUNK = 1 << 20


class Mappings:
    """The mappings of a job's processes."""

    def __init__(self) -> None:
        self.first = unreclaimable()

    def cost(self, tree: list[Process], enough: int) -> int:
        """In bytes; 0 while the machine has not used `enough` more for itself."""
        if unreclaimable() - self.first <= enough:
            return 0
        above = {process.pid: process.parent for process in tree}
        return sum(_count(process.pid) * (EACH + EACH_GENERATION * _generation(process.pid, above))
                   for process in tree)


def unreclaimable() -> int:
    """Bytes that Linux uses for itself and cannot give back; 0 where it does not say."""
    return fields("/proc/meminfo", b"SUnreclaim:").get(b"SUnreclaim:", 0)


def _generation(pid: int, above: dict[int, int]) -> int:
    generation = 1
    while (pid := above.get(pid, 0)) in above:
        generation += 1
    return generation


def _count(pid: int) -> int:
    count = 0
    try:
        with open(f"/proc/{pid}/maps", "rb", buffering=0) as file:  # noqa: PTH123 - often
            while chunk := file.read(CHUNK):
                count += chunk.count(b"\n")
    except OSError:
        return count
    return count
