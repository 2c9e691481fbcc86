"""Teaches and grades PyTorch exercises on gradients and initialisation."""

__version__ = "0.1.0"
