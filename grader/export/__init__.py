"""Verdicts -> one format per file. Each module has `write(results, out, **options)`."""
