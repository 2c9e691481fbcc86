"""The named mistakes of `rnn_gradients`: what the numbers are then, and what to try next."""

from grader.spec import Diagnosis

# what to read
PASCANU = "Pascanu, Mikolov, Bengio 2013, section 2"
CLIPPING = "Pascanu, Mikolov, Bengio 2013, section 3.2"

# gradient_through_time

NOT_TRANSPOSED = Diagnosis(
    "not-transposed",
    "These are the norms with W in place of W transposed.",
    "From h_t = W h_{t-1} follows dL/dh_{t-1} = W^T dL/dh_t.",
    read=PASCANU)

LAST_TO_FIRST = Diagnosis(
    "last-to-first",
    "These are the right numbers, last step first.",
    "Going backwards in time you meet step T first: turn the list round.")

WITH_START = Diagnosis(
    "start-included",
    "The gradient at the start, h_0, is in the list too.",
    "Asked for are the steps 1 to T.")

ONE_POWER_MORE = Diagnosis(
    "one-power-too-many",
    "These are the steps 0 to T-1: each went through W once too often.",
    "dL/dh_T has not gone through W at all: it is a vector of ones.")

RADIUS_POWERS = Diagnosis(
    "powers-of-the-radius",
    "These are powers of the spectral radius, not norms of the gradient.",
    "The radius tells how the norm grows in the long run. Multiply the vector itself.")

SINGULAR_POWERS = Diagnosis(
    "powers-of-the-singular-value",
    "These are powers of the largest singular value, not norms of the gradient.",
    "They only bound the norm from above. Multiply the vector itself.")

LARGEST_ENTRY = Diagnosis(
    "largest-entry",
    "The largest absolute value was taken for the norm.",
    "The L2 norm is the root of the sum of squares.")

MATRIX_NORM = Diagnosis(
    "matrix-norm",
    "These are norms of the matrix (W^T)^(T-t), not of the gradient.",
    "Multiply the matrix with the vector dL/dh_T = (1, ..., 1), and take that vector's norm.")

ELEMENTWISE = Diagnosis(
    "elementwise-power",
    "`**` takes the power of each entry of a matrix by itself.",
    "A power of a matrix is torch.linalg.matrix_power, or a product for each step.",
    pattern=r"\*\*|\bpow\(")

SQUARED_NORMS = Diagnosis(
    "squared-norm",
    "These are the squares of the norms.",
    "Take the root.")

ONE_NORM = Diagnosis(
    "one-norm",
    "These are sums of absolute values (L1 norms).",
    "The L2 norm is the root of the sum of squares.")

MEAN_LOSS = Diagnosis(
    "mean-loss",
    "This is the gradient of the mean of h_T, not of its sum.",
    "L = h_T.sum().")

EVERY_STEP = Diagnosis(
    "loss-at-every-step",
    "This is the gradient of a loss summed over all steps.",
    "Only h_T enters L = h_T.sum().")

FLOAT32 = Diagnosis(
    "float32-range",
    "The numbers have left what float32 can hold: they end in inf or in 0.",
    "Compute in float64: `weight.double()`.")

# regime

SINGULAR = Diagnosis(
    "largest-singular-value",
    "This is what the largest singular value says, not the spectral radius.",
    "A product of many W is ruled by eigenvalues: torch.linalg.eigvals(weight).abs().max().",
    read=PASCANU)

FROBENIUS = Diagnosis(
    "frobenius-norm",
    "This is what the Frobenius norm says, not the spectral radius.",
    "weight.norm() sums the squares of all entries. The radius is the largest absolute eigenvalue.",
    read=PASCANU)

FINITE_POWER = Diagnosis(
    "finite-power",
    "This is what the root of some power's norm says: an estimate that is too large.",
    "A matrix that stretches a million times at first still does so by a third a step in the 50th root. "
    "The eigenvalues say it exactly: torch.linalg.eigvals(weight).abs().max().",
    read=PASCANU,
    pattern="matrix_power")

REAL_PARTS = Diagnosis(
    "real-parts-only",
    "This is what the largest real part of an eigenvalue says.",
    "A negative or complex eigenvalue counts with its absolute value: .abs().",
    read=PASCANU)

ABSOLUTE_REAL_PARTS = Diagnosis(
    "imaginary-parts-dropped",
    "This is what the eigenvalues' real parts alone say.",
    "|a + ib| is the root of a^2 + b^2: take .abs() of the complex eigenvalue.",
    read=PASCANU)

SYMMETRIC = Diagnosis(
    "symmetric-solver",
    "This is what torch.linalg.eigvalsh gives: it reads half of the matrix.",
    "eigvalsh is for symmetric matrices. A recurrent weight is none: torch.linalg.eigvals.",
    pattern="eigvalsh|eigh")

DETERMINANT = Diagnosis(
    "determinant",
    "This is what the determinant says: the product of all eigenvalues.",
    "The largest absolute eigenvalue decides, not the product of all.",
    pattern=r"\bdet\(")

SWAPPED = Diagnosis(
    "names-swapped",
    "`vanishing` and `exploding` have changed places.",
    "In a linear net a spectral radius above 1 makes gradients grow.")

SPELLED = Diagnosis(
    "spelled-otherwise",
    "These are the right names in another spelling.",
    "The names are text: small letters, and no blank.")

NO_TOLERANCE = Diagnosis(
    "no-tolerance",
    "Nothing but exactly 1 counts as stable.",
    "A computed radius is never exactly 1: stable is everything within 0.01 of it.")

OTHER_TOLERANCE = Diagnosis(
    "other-tolerance",
    "This is the right rule with another tolerance than 0.01.",
    "Stable is what differs from 1 by at most 0.01.",
    pattern=r"0?\.\d|1e-")

# clip_gradients_

ONE_BY_ONE = Diagnosis(
    "clipped-one-by-one",
    "Each parameter's gradient was clipped by its own norm.",
    "One norm over all gradients, one factor for all: only that keeps the direction.",
    read=CLIPPING)

BY_VALUE = Diagnosis(
    "clipped-by-value",
    "Each entry was cut off at max_norm.",
    "Scale all gradients with one factor, so that the direction stays.",
    read=CLIPPING,
    pattern="clip_grad_value|clamp")

UNCHANGED = Diagnosis(
    "nothing-changed",
    "The gradients are what they were before.",
    "`g = g * factor` makes a new tensor. `p.grad.mul_(factor)` changes the gradient itself.")

TO_ONE = Diagnosis(
    "scaled-to-one",
    "The gradients were scaled to norm 1, whatever max_norm is.",
    "The factor is max_norm / norm.",
    read=CLIPPING)

ROOT_FORGOTTEN = Diagnosis(
    "root-forgotten",
    "The square of the norm was taken for the norm.",
    "Take the root.")

SPECTRAL_NORM = Diagnosis(
    "spectral-norm",
    "Of matrices the largest singular value was taken for the norm.",
    "torch.linalg.norm(g, 2) and matrix_norm(g, 2) are not the L2 norm of all entries: g.norm(), or "
    "torch.linalg.vector_norm(g), is.",
    pattern=r"norm\([^)]*2\)")

SUM_OF_NORMS = Diagnosis(
    "sum-of-norms",
    "The norms of the single gradients were added.",
    "Norms add like the sides of a right triangle: the root of the sum of their squares.")

LARGEST_NORM = Diagnosis(
    "largest-norm",
    "The largest of the single gradients' norms was taken for the whole one.",
    "The root of the sum of the squares of all norms.")

PARAMETERS_CLIPPED = Diagnosis(
    "parameters-clipped",
    "The parameters were scaled instead of their gradients.",
    "The gradient of a parameter p is p.grad.")

PARAMETER_NORM = Diagnosis(
    "parameter-norm",
    "The norm of the parameters was taken, not of their gradients.",
    "The gradient of a parameter p is p.grad.")

AFTERWARDS = Diagnosis(
    "norm-after-clipping",
    "This is the norm after clipping.",
    "Return the norm as it was before.",
    read=CLIPPING,
    pattern="return")

FACTOR = Diagnosis(
    "factor-returned",
    "This is the factor max_norm / norm.",
    "Return the norm itself, before clipping.")

RAISED = Diagnosis(
    "small-gradients-raised",
    "Gradients below max_norm were scaled *up* to it.",
    "Scale only if the norm is above max_norm.",
    read=CLIPPING)

DIVIDED_BY_ZERO = Diagnosis(
    "divided-by-zero",
    "Gradients of 0 were divided by their norm.",
    "Divide only where the norm is above max_norm.",
    read=CLIPPING)

USED_UP = Diagnosis(
    "iterator-used-up",
    "With a list it works; an iterator can be gone through only once.",
    "model.parameters() is an iterator: begin with parameters = list(parameters).")

STOPPED_AT_NONE = Diagnosis(
    "stopped-at-none",
    "Not all parameters were gone through.",
    "A parameter with p.grad None is passed over; those behind it are still to be clipped.")

INVENTED = Diagnosis(
    "gradient-invented",
    "A parameter that had no gradient has one now.",
    "Leave parameters with p.grad None out.")
