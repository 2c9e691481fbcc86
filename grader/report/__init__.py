"""Verdicts -> pages people learn from: HTML, Markdown, terminal. Decides nothing about marks."""
