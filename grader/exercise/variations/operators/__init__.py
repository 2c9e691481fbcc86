"""What a student gets wrong. Each operator yields the changes it can make to a right solution, one at a time.

An operator's docstring is the mistake. Its name stands in the equivalent.toml of exercises.
"""

from __future__ import annotations

from grader.exercise.variations.edits import Operator
from grader.exercise.variations.operators import arithmetic, conditions, gradients, order, tensors

# In this order: of two operators that make the same mutant, the first has made it.
OPERATORS: tuple[Operator, ...] = (
    conditions.edge, conditions.contrary, conditions.negated, conditions.unguarded,
    conditions.half_a_condition, conditions.and_for_or,
    arithmetic.other_sign, arithmetic.swapped_operands, arithmetic.swapped_arguments,
    arithmetic.operand_left_out, arithmetic.other_number, arithmetic.other_word,
    conditions.loosely, arithmetic.one_off,
    order.left_out, order.wrong_order, order.too_early, order.opposite, order.backwards, order.kept,
    order.remembered,
    tensors.mean_for_sum, tensors.no_root, tensors.other_norm, tensors.other_fan, tensors.other_gain,
    tensors.other_law,
    gradients.gradient_cut, gradients.gradient_kept, gradients.no_clone, gradients.in_place,
    gradients.zero_grad, gradients.other_optimiser, gradients.evaluation, gradients.frozen, gradients.thawed,
    tensors.wrong_axis, tensors.device_left_behind,
    gradients.hook_returns, tensors.lower_dtype, gradients.seed_inside,
    tensors.layer_forgotten, tensors.not_finite)
