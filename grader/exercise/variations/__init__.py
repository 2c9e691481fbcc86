"""Right solutions varied by machine: rewrites that keep the meaning, and mutants that do not."""
