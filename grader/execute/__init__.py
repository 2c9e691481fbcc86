"""A job goes in, observations come out. Nothing here decides about marks."""
