"""Each bit of the number that `token()` returns is a check: two numbers never have one mark."""

from grader.spec import Call, Seen, check, fail, number

token = Call("token")


def _bit(seen: Seen, index: int) -> None:
    value = round(number(seen.value, "token()"))
    seen.measure("token", f"token-{value:03}", "a number of one's own")
    if not value >> index & 1:
        fail(f"bit {index} of token-{value:03} is not set")


@check(looks_at=token, points=0.5)
def bit_0(seen: Seen) -> None:
    """Bit 0 is set."""
    _bit(seen, 0)


@check(looks_at=token, points=1)
def bit_1(seen: Seen) -> None:
    """Bit 1 is set."""
    _bit(seen, 1)


@check(looks_at=token, points=2)
def bit_2(seen: Seen) -> None:
    """Bit 2 is set."""
    _bit(seen, 2)


@check(looks_at=token, points=4)
def bit_3(seen: Seen) -> None:
    """Bit 3 is set."""
    _bit(seen, 3)


@check(looks_at=token, points=8)
def bit_4(seen: Seen) -> None:
    """Bit 4 is set."""
    _bit(seen, 4)


@check(looks_at=token, points=16)
def bit_5(seen: Seen) -> None:
    """Bit 5 is set."""
    _bit(seen, 5)


@check(looks_at=token, points=32)
def bit_6(seen: Seen) -> None:
    """Bit 6 is set."""
    _bit(seen, 6)


@check(looks_at=token, points=64)
def bit_7(seen: Seen) -> None:
    """Bit 7 is set."""
    _bit(seen, 7)
