"""Rewrites of a solution's text that keep what it means. Each docstring says why it does.

A rewrite makes its change in some of the places that allow it, as chance has it.
"""

from __future__ import annotations

from grader.exercise.variations.rewrites import flow, names, spelling, values, wrappings
from grader.exercise.variations.trees import Rewrite

# In the order in which they are made: what looks at how the text is written comes before what changes that.
REWRITES: tuple[Rewrite, ...] = (
    flow.loop_for_comprehension, flow.early_return, flow.else_after_return, flow.swapped_branches,
    values.mirrored_comparison, values.keyword_arguments, values.operator_functions, flow.result_variable,
    names.renamed_locals, names.renamed_parameters, names.renamed_helpers, names.aliased_imports,
    wrappings.inner_function, wrappings.null_context, spelling.says_something, spelling.docstrings,
    spelling.annotated, spelling.unannotated,
    wrappings.optional_parameter, wrappings.as_lambda, wrappings.wrapped_in_decorator,
    wrappings.class_with_call, wrappings.closure, wrappings.partial,
    values.named_constants, spelling.comments, spelling.reordered_definitions, spelling.indentation)
