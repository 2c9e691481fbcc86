"""Packages that notebooks import and a machine may lack. What is not named here may be anybody's misspelling.

A mark waits for `known` packages only: those of the extra `notebooks`, and those that course.toml names.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.intake import names

# Module -> what pip calls it. The extra `notebooks` of pyproject.toml, a test compares them.
NOTEBOOKS = {"ipywidgets": "ipywidgets", "pandas": "pandas", "scipy": "scipy", "seaborn": "seaborn",
             "sklearn": "scikit-learn", "torchinfo": "torchinfo"}
# Well-known ones beside them: their import alone costs no cell. Those that are called otherwise come first.
_NAMED_OTHERWISE = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python", "dateutil": "python-dateutil",
    "dotenv": "python-dotenv", "faiss": "faiss-cpu", "haiku": "dm-haiku", "hydra": "hydra-core",
    "ot": "POT", "pytorch_lightning": "pytorch-lightning", "pywt": "PyWavelets",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "sentence_transformers": "sentence-transformers", "skimage": "scikit-image",
    "stable_baselines3": "stable-baselines3", "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_probability": "tensorflow-probability", "torch_geometric": "torch-geometric",
    "umap": "umap-learn", "yaml": "PyYAML"}
_NAMED_ALIKE = """
    accelerate albumentations altair beartype black bokeh botorch bqplot captum catboost cupy d2l dash dask
    datasets deepspeed diffusers duckdb einops evaluate fastai fastbook fastprogress flax fvcore gdown gensim
    geomloss gpytorch gradio graphviz gym gymnasium h5py hiddenlayer holoviews huggingface_hub icecream
    imageio imgaug ipdb ipympl itables jax jaxtyping joblib jupyter_black jupyterthemes kaggle kagglehub keras
    kornia librosa lightgbm lightning line_profiler lovely_tensors lxml matplotlib memory_profiler mlflow
    monai mpmath nbdev neptune nest_asyncio netron networkx nltk numba onnx onnxruntime openai openpyxl
    optax optuna orjson palettable peft plotly plotnine polars prettytable progressbar psutil pyarrow
    pydantic pydot pygame pynvml pyro pytest ray requests rich sacrebleu safetensors scienceplots
    sentencepiece shap skorch spacy statsmodels streamlit sympy tabulate tensorboard tensorboardX
    tensorflow tensorly termcolor thop tiktoken timm tokenizers torchaudio torchdiffeq torcheval torchmetrics
    torchsde torchshow torchsummary torchtext torchtyping torchview torchviz torchvision tqdm transformers
    triton typeguard ujson visdom wandb watermark xarray xgboost xlrd yfinance
"""
COMMON = {**{name: name for name in _NAMED_ALIKE.split()}, **_NAMED_OTHERWISE, **NOTEBOOKS}


def known(named: Iterable[str] = ()) -> dict[str, str]:
    """The packages for which a mark waits: module -> what pip calls it.

    Args:
        named: what course.toml names besides, as pip calls it.
    """
    modules = {package.lower(): module for module, package in COMMON.items()}
    extra = {modules.get(package.lower(), package.replace("-", "_")): package for package in named}
    return {**NOTEBOOKS, **extra}


def lacking(notebook: str, named: Iterable[str] = (), files: Iterable[str] = ()) -> tuple[str, ...]:
    """The modules that a notebook's text names, of all well-known packages, that are not installed here.

    Args:
        files: the names of what lies beside it. Modules of the student's own may import any of them.
    """
    modules = {*COMMON, *known(named)}
    wanted = modules if any(file.endswith(".py") for file in files) else names.words(notebook) & modules
    return tuple(sorted(module for module in wanted if not installed(module)))


@functools.cache
def installed(module: str) -> bool:
    """Can a notebook import this? A folder of that name where the grader happens to be started is no
    package."""
    here = str(Path.cwd())
    found = importlib.machinery.PathFinder.find_spec(
        module, [place for place in sys.path if place not in ("", here)])
    return found is not None and found.origin is not None


def remedy(packages: Sequence[str]) -> str:
    """The line that installs them."""
    return f"pip install {' '.join(sorted(packages))}"
