"""Folder -> submissions: found, read with limits, and cleaned to source only."""
