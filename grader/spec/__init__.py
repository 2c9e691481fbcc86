"""The language of checks.py: inputs, steps, checks, what a check sees, and what it expects of it. Does no
I/O."""

from grader.spec.check import Check, Diagnosis, Unmet, check, fail
from grader.spec.inputs import Drawn, On, empty, normal, seed_for, uniform
from grader.spec.seen import Seen, Strange
from grader.spec.steps import ON_GPU, PLAIN, REAL_CUDA, Call, Preparation, Prepared, Probe, Step, prepare

__all__ = ["ON_GPU", "PLAIN", "REAL_CUDA", "Call", "Check", "Diagnosis", "Drawn", "On", "Preparation",
           "Prepared", "Probe",
           "Seen", "Step", "Strange", "Unmet", "check", "empty", "fail", "normal", "prepare", "seed_for",
           "uniform"]
