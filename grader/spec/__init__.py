"""The language of checks.py: inputs, steps, checks, what a check sees, and what it expects. Does no I/O."""

from grader.spec import statistics
from grader.spec.check import Check, Diagnosis, Unmet, check, fail
from grader.spec.expectations import (
    alike,
    close,
    described,
    expect_number,
    expect_numbers,
    expect_tensor,
    number,
    numbers,
    same,
    tensor,
)
from grader.spec.inputs import Drawn, On, Strange, empty, normal, seed_for, uniform
from grader.spec.mistakes import the_one
from grader.spec.pictures import curves, histogram
from grader.spec.seen import Seen, derived, fail_as_raised
from grader.spec.statistics import RATE
from grader.spec.steps import Call, Preparation, Prepared, Probe, Step, prepare
from grader.spec.structure import Parts
from grader.spec.worlds import NO_CUDA, NO_DRIVER, ON_GPU, ONE_GPU, PLAIN, REAL_CUDA, TWO_GPUS
from grader.wall.messages import World

__all__ = [
    "NO_CUDA",
    "NO_DRIVER",
    "ONE_GPU",
    "ON_GPU",
    "PLAIN",
    "RATE",
    "REAL_CUDA",
    "TWO_GPUS",
    "Call",
    "Check",
    "Diagnosis",
    "Drawn",
    "On",
    "Parts",
    "Preparation",
    "Prepared",
    "Probe",
    "Seen",
    "Step",
    "Strange",
    "Unmet",
    "World",
    "alike",
    "check",
    "close",
    "curves",
    "derived",
    "described",
    "empty",
    "expect_number",
    "expect_numbers",
    "expect_tensor",
    "fail",
    "fail_as_raised",
    "histogram",
    "normal",
    "number",
    "numbers",
    "prepare",
    "same",
    "seed_for",
    "statistics",
    "tensor",
    "the_one",
    "uniform",
]
