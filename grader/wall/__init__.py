"""All that both sides of the wall may know, and nothing else."""
