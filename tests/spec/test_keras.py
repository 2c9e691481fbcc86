"""Keras' own HeNormal, run on its torch backend, draws by the law that the exercise holds truncated weights
to."""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import torch

from grader.spec import statistics as s

SHAPE = (512, 128)  # Keras' kernels are (inputs, outputs): fan_in is 512
FAN_IN = 512
DRAW = """
import sys, keras, numpy
keras.utils.set_random_seed(20150206)
draw = keras.initializers.HeNormal()(tuple(map(int, sys.argv[2:])), dtype="float32")
numpy.save(sys.argv[1], keras.ops.convert_to_numpy(draw))
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> torch.Tensor:
    """Drawn in a process of its own: Keras reads its backend from the environment, and changes global
    settings."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("Keras, a development dependency, is not installed")
    home = tmp_path_factory.mktemp("keras")
    target: Path = home / "weights.npy"
    subprocess.run([sys.executable, "-c", DRAW, str(target), *map(str, SHAPE)], check=True, timeout=300,
                   env={**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(home)}, capture_output=True)
    return torch.from_numpy(numpy.load(target))


def test_keras_draws_with_variance_two_over_fan_in(weights: torch.Tensor) -> None:
    assert s.variance(weights, 2 / FAN_IN, kurtosis=s.TRUNCATED_MOMENTS[0]).holds
    assert not s.variance(weights, s.TRUNCATED_STD**2 * 2 / FAN_IN).holds


def test_keras_draws_from_the_truncated_law(weights: torch.Tensor) -> None:
    x = weights / math.sqrt(2 / FAN_IN)
    assert abs(float(x.abs().max()) / s.TRUNCATED_EDGE - 1) <= 1e-3
    assert s.law(s.standardised(x), s.truncated_law).holds
    assert s.kurtosis_like(x, s.TRUNCATED_MOMENTS).holds
    assert s.at_edge(x, float(x.abs().max()), within=1e-6).holds
    assert not s.law(s.standardised(x), s.normal_law).holds
    assert not s.kurtosis(x).holds
