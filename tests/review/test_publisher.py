"""The class's files follow the gradebook: no change is left out, whenever it comes."""

from __future__ import annotations

import threading

from grader.review.publisher import Publisher


def test_a_change_that_comes_while_another_is_written_is_written_before_the_end() -> None:
    begun, go_on = threading.Event(), threading.Event()
    written: list[str] = []
    says = "one"

    def write() -> None:
        written.append(says)
        begun.set()
        assert go_on.wait(60)

    publisher = Publisher(write)
    publisher.changed()
    assert begun.wait(60)
    says = "two"
    publisher.changed()
    assert publisher.behind
    ending = threading.Thread(target=publisher.close)
    ending.start()
    ending.join(0.2)
    go_on.set()
    ending.join(60)
    assert (written, publisher.behind) == (["one", "two"], False)


def test_what_could_not_be_written_is_told_and_tried_again_with_the_next_change() -> None:
    full = [OSError(28, "No space left on device", "grades.csv")]

    def write() -> None:
        if full:
            raise full.pop()

    publisher = Publisher(write)
    publisher.changed()
    while publisher.behind:
        threading.Event().wait(0.01)
    assert "No space left" in publisher.problem
    publisher.changed()
    publisher.close()
    assert publisher.problem == ""
