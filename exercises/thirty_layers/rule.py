"""The rule of `verdict`, the runs that tell it from other rules, and those other rules."""

import math
from collections.abc import Iterator, Sequence

from grader.spec import Diagnosis, Seen, fail

from .misconceptions import ALWAYS_TEN, BOUNDS, LAST_ONLY, LOWER_THAN_FIRST, LOWEST, WHOLE_RUN
from .nets import CLASSES

LEARNT, WORSE, LAST = 2.0, 3.0, 10
CONVERGES, STALLS, DIVERGES = "converges", "stalls", "diverges"
CHANCE = math.log(CLASSES)   # the loss of a net that gives every class the same probability
RUNS = (
    [3.2 * 0.95**i for i in range(40)],                          # falls
    [CHANCE + 0.01 * (-1)**i for i in range(40)],                # level
    [2.4 * 1.05**i for i in range(40)],                          # grows
    [2.6 - 0.01 * i for i in range(39)] + [1.7],                 # a lucky last batch
    [3.0 * 0.94**i for i in range(39)] + [2.8],                  # an unlucky one
    [9.0 * 0.8**i + 1.4 for i in range(30)],                     # starts high, and learns
    [8.0 * 0.7**i + CHANCE for i in range(30)],                  # starts high, and comes down to chance
    [1.2] * 30 + [2.4] * 10,                                     # had it, and lost it
    [4.5] * 5 + [1.8] * 10,
    # the mean of just ten
    [1.0] * 20 + [20.0] + [1.0] * 9, [1.5] * 15 + [6.2] + [1.5] * 9, [1.5] * 29 + [9.0],
    [1.5, 1.25], [2.75], [5.5, 2.5, 4.0],                        # fewer than ten
    [2.0] * 16, [3.0] * 16,                                      # the bounds themselves
    [1.9996] * 16, [3.0006] * 16)                                # rounded, they are the bounds
NOT_FINITE = ([CHANCE] * 20 + [math.nan] * 20, [2.5] * 6 + [math.inf], [math.nan] * 3,
              [2.2, math.nan] + [1.0] * 20, [9.0, math.inf, 4.0] + [CHANCE] * 20)


def mean(losses: Sequence[float]) -> float:
    return sum(losses) / len(losses)


def word(end: float, *, learnt: float = LEARNT, worse: float = WORSE) -> str:
    return CONVERGES if end < learnt else DIVERGES if end > worse else STALLS


def verdict_on(losses: Sequence[float]) -> str:
    """The rule of the notebook."""
    finite = bool(losses) and all(map(math.isfinite, losses))
    return word(mean(losses[-LAST:])) if finite else DIVERGES


def misread(got: Sequence[object]) -> Iterator[tuple[Diagnosis, bool]]:
    """Which other rules say of RUNS what was said."""
    a_little = 1e-9
    others = [
        (LAST_ONLY, [word(run[-1]) for run in RUNS]), (WHOLE_RUN, [word(mean(run)) for run in RUNS]),
        (LOWEST, [word(min(run)) for run in RUNS]),
        (ALWAYS_TEN, [word(sum(run[-LAST:]) / LAST) for run in RUNS]),
        *((BOUNDS, [word(mean(run[-LAST:]), learnt=LEARNT + up, worse=WORSE - down) for run in RUNS])
          for up, down in ((a_little, 0.0), (0.0, a_little), (a_little, a_little)))]
    yield from ((diagnosis, got == other) for diagnosis, other in others)
    if not any(got == other for _, other in others):
        # the last of these came down from 8, but to chance only
        some = [got[i] for i in (0, 1, 2, 5, 6)]
        yield LOWER_THAN_FIRST, some == [CONVERGES, STALLS, DIVERGES, CONVERGES, CONVERGES]


def said_of(seen: Seen, runs: Sequence[Sequence[float]]) -> list[object]:
    """What `verdict` said of each of these runs."""
    value = seen.value
    if not isinstance(value, list) or len(value) != len(runs):
        fail("`verdict` did not answer once for each list of losses.")
    return value


def kept(seen: Seen) -> bool:
    """Does `verdict` keep the rule?"""
    return said_of(seen, RUNS) == [verdict_on(run) for run in RUNS]


def own_word(seen: Seen, right: str) -> object:
    """What `verdict` says where this word is right, be it right or not: of runs that just begin so, and
    only of those. Where it has no such word, the right one."""
    clear = {CONVERGES: 0, STALLS: 1, DIVERGES: 2}   # of RUNS
    got = said_of(seen, RUNS)
    mine, others = got[clear[right]], [got[i] for word, i in clear.items() if word != right]
    return mine if isinstance(mine, str) and mine not in others else right


def shown(losses: Sequence[float]) -> str:
    """A run in short."""
    few = [f"{loss:.5g}" for loss in losses]
    return f"[{', '.join(few if len(few) <= 4 else [*few[:2], '...', *few[-2:]])}]"
