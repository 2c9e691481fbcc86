"""The named mistakes of `saturation`: what the numbers are then, and what to try next."""

from grader.spec import Diagnosis

# what to read
NIELSEN = "Nielsen, Neural Networks and Deep Learning, ch. 5"
HE = "He et al. 2015, section 2.2"

# sigmoid_derivative

SIGMOID_ITSELF = Diagnosis(
    "sigmoid-itself",
    "These are the values of the sigmoid, not of its derivative.",
    "Differentiate 1 / (1 + exp(-z)) and write the result with sigma itself.")

FORMULA_OF_ACTIVATION = Diagnosis(
    "formula-of-the-activation",
    "This is z (1 - z): the formula for an activation a = sigma(z), used on z.",
    "a (1 - a) is right where a is sigma(z). Here z comes in, so the sigmoid has to be taken first.")

TANH_FORMULA = Diagnosis(
    "tanh-formula",
    "This is 1 - sigma(z)^2: the shape of the formula for tanh.",
    "tanh' = 1 - tanh^2, but sigma' = sigma (1 - sigma). At z = 0 it is 1/4.")

TANH_DERIVATIVE = Diagnosis(
    "tanh-derivative",
    "This is the derivative of tanh.",
    "At z = 0 sigma' is 1/4, tanh' is 1.")

WRONG_SIGN = Diagnosis(
    "wrong-sign",
    "This is -sigma'(z).",
    "The sigmoid rises everywhere: its derivative is positive.")

SQUARED_SIGMOID = Diagnosis(
    "squared-sigmoid",
    "This is sigma(z)^2: a factor exp(-z) was lost.",
    "d/dz (1 + exp(-z))^-1 = exp(-z) (1 + exp(-z))^-2.")

OVERFLOW_BELOW = Diagnosis(
    "overflow",
    "exp(-z) overflows for z far below 0, and inf / inf is not a number.",
    "torch.sigmoid never overflows: write the derivative with it.",
    read="torch.sigmoid",
    pattern="exp")

OVERFLOW_ABOVE = Diagnosis(
    "overflow",
    "exp(z) overflows for z far above 0, and inf / inf is not a number.",
    OVERFLOW_BELOW.advice,
    read=OVERFLOW_BELOW.read,
    pattern="exp")

INPUT_CHANGED = Diagnosis(
    "input-changed",
    "The tensor that was handed in holds other numbers after the call.",
    "Methods that end in an underscore, `*=` and `z[mask] = ...` write into the caller's tensor: "
    "make a new one.",
    pattern=r"_\(|[-+*/|&]=|\] *=[^=]")

# saturated_fraction

BOTH_ENDS = "A sigmoid saturates at 0 and at 1: count a < threshold and a > 1 - threshold."

UPPER_ONLY = Diagnosis(
    "one-side-only",
    "Only the upper end was counted, a > 1 - threshold.",
    BOTH_ENDS)

LOWER_ONLY = Diagnosis(
    "one-side-only",
    "Only the lower end was counted, a < threshold.",
    BOTH_ENDS)

COUNTED = Diagnosis(
    "count-not-share",
    "This is the number of saturated entries, not their share.",
    "Divide by the number of all entries.")

PER_ROW = Diagnosis(
    "divided-by-batch",
    "The count was divided by the size of the first dimension.",
    "len(a) is the batch size. a.numel() counts all entries; the mean of a mask does it at once.")

PER_CENT = Diagnosis(
    "per-cent",
    "This is the share in per cent.",
    "The share lies between 0 and 1.")

UNSATURATED = Diagnosis(
    "unsaturated-share",
    "This is the share of entries that are *not* saturated.",
    "Take the entries outside [threshold, 1 - threshold].")

IMPOSSIBLE = Diagnosis(
    "impossible-condition",
    "No entry was counted at all.",
    "An entry is below the threshold *or* above 1 - threshold; none is both.",
    pattern=r"&|\band\b")

EDGES_COUNTED = Diagnosis(
    "edges-counted",
    "Entries that lie exactly on the threshold, or on 1 - threshold, were counted.",
    "Saturated is what lies beyond: a < threshold, not a <= threshold.",
    pattern="<=|>=")

PER_UNIT = Diagnosis(
    "per-unit",
    "This is the share of units that are saturated for every input.",
    "Count every entry by itself: one unit for one input.")

IGNORED = Diagnosis(
    "threshold-ignored",
    "This is the share for the default threshold of 0.01.",
    "Use the argument `threshold`.")

ON_DERIVATIVE = Diagnosis(
    "threshold-on-derivative",
    "This is the share with a (1 - a) < threshold.",
    "Compare the activations themselves with threshold and 1 - threshold.")

HALVED = Diagnosis(
    "threshold-halved",
    "This is the share outside [threshold / 2, 1 - threshold / 2].",
    "The threshold counts on each side by itself.")

# gradient_profile

WEIGHT_GRADIENTS = Diagnosis(
    "weight-gradients",
    "These are the norms of the weights' gradients.",
    "Asked for is the gradient at the pre-activation z of each hidden layer.",
    read=NIELSEN)

BIAS_GRADIENTS = Diagnosis(
    "bias-gradients",
    "These are the norms of the biases' gradients.",
    "A bias sums the gradients of the whole batch. Keep them apart: take dL/dz itself.")

AFTER_ACTIVATION = Diagnosis(
    "activation-gradients",
    "These are the norms of the gradients after the activation, dL/da.",
    "The pre-activation z is what the linear layer gives, before the activation: there sigma' comes in.",
    read=NIELSEN)

WITH_OUTPUT = Diagnosis(
    "output-layer-included",
    "The output layer is in the list too.",
    "The last linear layer is not a hidden one: leave it out.")

LAST_TO_FIRST = Diagnosis(
    "last-to-first",
    "These are the right numbers, last layer first.",
    "A backward pass meets the last layer first. Turn the list round.")

MEAN_NOT_NORM = Diagnosis(
    "mean-not-norm",
    "These are means of the entries' absolute values.",
    "The L2 norm is the root of the sum of squares.",
    read="torch.linalg.vector_norm")

ROOT_MEAN_SQUARE = Diagnosis(
    "rms-not-norm",
    "These are roots of *means* of squares.",
    "The L2 norm sums the squares; it does not average them.",
    read="torch.linalg.vector_norm")

SQUARED_NORM = Diagnosis(
    "squared-norm",
    "These are the squares of the norms.",
    "Take the root.")

PER_SAMPLE = Diagnosis(
    "per-sample-mean",
    "These are means, over the batch, of the norms for single inputs.",
    "One norm over all entries of the batch's gradient.")

ACTIVATION_NORMS = Diagnosis(
    "values-not-gradients",
    "These are the norms of the pre-activations themselves.",
    "Call backward on the loss, then look at the gradient of z.")

NOT_RETAINED = Diagnosis(
    "grad-not-retained",
    "z is no leaf, so backward leaves its .grad at None.",
    "Call z.retain_grad() before backward, or ask torch.autograd.grad for the gradients.",
    read="torch.Tensor.retain_grad",
    pattern=r"\.grad\b")

STALE = Diagnosis(
    "answers-kept",
    "With another input the list is still that of an earlier call.",
    "Something is kept from one call to the next. Work the gradients out anew in each.",
    pattern="global|cache|memo")

MODE_CHANGED = Diagnosis(
    "mode-changed",
    "A module is in training mode now and was not, or the other way round.",
    "Who calls model.eval() or model.train() has to put every module back.",
    pattern=r"\.(eval|train)\(")

UNDERFLOW = Diagnosis(
    "norm-underflow",
    "The squares of entries below 1e-23 are 0 in float32, so the norm comes out as 0 or imprecise.",
    "Turn the gradient to float64 before you take its norm: `grad.double().norm()`.")

LAYERS_MISSING = Diagnosis(
    "layers-missing",
    "Hidden layers with another activation than the sigmoid are missing.",
    "Look for the linear layers instead of one sort of activation.")

HOOKS_LEFT = Diagnosis(
    "hooks-left",
    "Hooks are still on the model after the call.",
    "register_forward_hook and its kin return a handle: call handle.remove() when you are done.")

PILE_UP = Diagnosis(
    "results-pile-up",
    "The second list holds the numbers of the first call as well.",
    "A list made once, outside the call or as a default argument, is shared by all calls.")

MODEL_CHANGED = Diagnosis(
    "model-changed",
    "The model's parameters are not what they were.",
    "Module.double() and Module.to() change the model itself: work on a copy.deepcopy of it.")

# remedy

SAME_WEIGHTS = Diagnosis(
    "same-draw-every-time",
    "Two nets have the very same weights.",
    "Is a seed set inside the function? Set seeds once, outside.",
    read="torch.manual_seed",
    pattern="seed|Generator")

FROZEN = Diagnosis(
    "parameters-frozen",
    "Parameters do not require a gradient: they will never be trained.",
    "Fill weights under `with torch.no_grad():` instead of switching requires_grad off.",
    read="torch.no_grad",
    pattern="requires_grad")

NO_GRAD = Diagnosis(
    "no-grad-missing",
    "PyTorch refuses to write into a parameter that requires a gradient.",
    "Fill it under `with torch.no_grad():`, or with what torch.nn.init offers.",
    read="torch.no_grad",
    pattern=r"_\(|[-+*/]=|\] *=")

ONE_SHORT = Diagnosis(
    "one-layer-short",
    "There are `depth` linear layers in all, so one hidden layer is missing.",
    "`depth` counts the hidden layers; the output layer comes on top.")

NO_ACTIVATION = Diagnosis(
    "no-activation",
    "The net computes what its layers give without any activation.",
    "Put an nn.ReLU after each hidden layer.")

RELU_ON_OUTPUT = Diagnosis(
    "activation-on-output",
    "A ReLU stands after the output layer too.",
    "The output layer has no activation: half of the outputs would be stuck at 0.")

STILL_SIGMOID = Diagnosis(
    "still-sigmoid",
    "The hidden layers still have a sigmoid.",
    "The remedy has nn.ReLU instead.",
    pattern="[Ss]igmoid")

STILL_TANH = Diagnosis(
    "tanh-for-relu",
    "The hidden layers have tanh for an activation.",
    "Here the remedy is nn.ReLU.",
    pattern="[Tt]anh")

XAVIER = Diagnosis(
    "xavier-for-relu",
    "The weights have variance 1 / width: Xavier's rule, and LeCun's, which is the same in square layers. "
    "Both leave out the ReLU.",
    "A ReLU halves the signal's mean square, so the variance must be twice that: 2 / fan_in.",
    read=HE,
    pattern="xavier|glorot")

DEFAULT = Diagnosis(
    "pytorch-default",
    "The weights have variance 1 / (3 width): what nn.Linear starts with.",
    "Initialise each weight with N(0, 2 / fan_in).",
    read=HE)

STANDARD_NORMAL = Diagnosis(
    "standard-normal",
    "The weights have variance 1, as if from N(0, 1).",
    "Their variance should be 2 / fan_in.",
    read=HE)

VARIANCE_AS_STD = Diagnosis(
    "variance-as-std",
    "The weights' standard deviation is 2 / width.",
    "2 / fan_in is to be the variance. The standard deviation is the root of the variance.",
    read=HE)

DOUBLED = Diagnosis(
    "doubled-variance",
    "The weights' variance is 4 / width, twice what it should be.",
    "std = sqrt(2 / fan_in), not 2 / sqrt(fan_in).",
    read=HE)

# words of an error -> what they show
PROFILE_ERRORS = {"'NoneType' object has no attribute": NOT_RETAINED,
                  "'NoneType' object is not": NOT_RETAINED,
                  "argument 'input' (position 1) must be Tensor, not NoneType": NOT_RETAINED}
REMEDY_ERRORS = {"leaf Variable that requires grad": NO_GRAD}
