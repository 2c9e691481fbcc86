"""A small class in a gradebook, with everything that waits for a person."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import structs

from grader import records
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.known import Known
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import publish, rewrite
from tests import samples as s
from tests.report.test_resemblance import disguised, own_work

NAMES = {"1001": "Anna Schmidt", "1002": "Bilal Özdemir", "1003": "Chiara Rossi", "1004": "Dmitri Petrov",
         "1005": "Elif Kaya", "1006": "Farid Haddad", "1007": "Grace Okafor", "1008": "Hana Sato"}
EVIL = ('<script>parent.hacked=1</script><img src=x onerror="hacked=1"> <b hx-get="/bank" hx-trigger="load">'
        '[go](javascript:hacked=1) ![x](http://127.0.0.1:9/x.png) "\' </textarea></details> \u202egrade')
EVIL_ID = "<img src=x onerror=hacked=1>../../etc"
QUESTION = "why-two"
RUBRIC = (records.RubricItem(text="says that half is lost", points=1.5),
          records.RubricItem(text="<i>names</i> the gain", points=0.5))
TEXTS = {"1005": "ReLU halves the variance.", "1006": "relu  halves the variance.",
         "1007": "So that **the signal** keeps its size.", "1001": "", EVIL_ID: EVIL}


def entry(student: str, source: str, *, name: str = "", hand: str = "1", **changes: object) -> Entry:
    """A submission of he_init, whose bytes are told apart by `hand`."""
    notebook = s.notebook(source, s.NORMS)
    sha256 = hashlib.sha256(f"{notebook} {hand}".encode()).hexdigest()
    plain = s.result(student, checks=tuple(v for v in s.CHECKS if v is not s.CUDA), events=s.EVENTS,
                     name=name or NAMES.get(student, ""), title="He initialisation",
                     notebook=records.NotebookFile(path=f"{student}/he_init.ipynb", sha256=sha256),
                     written=answer(student))
    plain = structs.replace(plain, max_score=plain.max_score + sum(one.max_points for one in plain.written))
    return Entry(result=structs.replace(plain, **changes), observed="o", judged="j", notebook=notebook,
                 executed="")


def answer(student: str) -> tuple[records.WrittenAnswer, ...]:
    """What they wrote, as it was judged: without a mark."""
    if student not in TEXTS:
        return ()
    return (records.WrittenAnswer(id=QUESTION, question="Why is there a **2** in the formula?",
                                  text=TEXTS[student], max_points=2.0, rubric=RUBRIC),)


def broken(student: str) -> Entry:
    """A submission whose mark is withheld."""
    checks = (*s.PASSED, s.BROKEN)
    return entry(student, own_work(4), checks=checks, status=records.Status.WITHHELD, score=None,
                 reason="gain: KeyError")


def make(out: Path, *, hostile: bool = True) -> None:
    """Fill a folder as a batch would."""
    out.mkdir(parents=True, exist_ok=True)
    output = Output(out)
    with Gradebook(output.gradebook) as book:
        book.set_batch_value("title", "Deep learning, sheet 3")
        book.meet([Known(person=records.Person(id=id, name=name)) for id, name in NAMES.items()])
        book.record(entry("1001", own_work(1)))
        book.record(entry("1002", disguised(own_work(1))))
        book.record(broken("1003"))
        first = entry("1004", s.SOURCE)
        book.record(first)
        book.desk.override(Override(student="1004", exercise="he_init", check="variance", points=4.0,
                                    sha256=first.result.stamp, comment="Right up to the gain.", by="bo"))
        book.record(entry("1004", s.SOURCE.replace("1.0 /", "3.0 /"), hand="2"))
        for at, student in enumerate(("1005", "1006", "1007", "1008"), 5):
            book.record(entry(student, own_work(at)))
        if hostile:
            book.record(entry(EVIL_ID, f"x = 1\n# {EVIL}\n", name=EVIL))
        for student, text in TEXTS.items():
            if stamp := book.result(student, "he_init"):
                book.written.hand_in(student, "he_init", stamp.stamp, {QUESTION: text})
        book.written.add_comment("The *factor 2* is missing.", points=-1.0, by="ada", exercise="he_init")
        book.written.add_comment("Well argued.", points=2.0, by="ada")
        rewrite(book, output, book.counting())
        publish(book, output)
