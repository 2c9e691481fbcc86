"""The mistakes that thirty_layers knows by name, beside those that all exercises on first weights share."""

import math

from grader.spec import HE, MEAN_FOR_STD, SCALINGS, VARIANCE_AS_STD, XAVIER, Diagnosis, Law, Scaling

HE_FIGURE_3 = "He, Zhang, Ren, Sun 2015, section 2.2 and figure 3 (arXiv 1502.01852)"
GLOROT = "Glorot & Bengio 2010, section 4.2"

# --- build: the net ------------------------------------------------------------------------------------

HIDDEN_COUNTED = Diagnosis(
    "depth-counts-hidden", "There is one linear layer more than `depth`.",
    "`depth` counts all linear layers: that to the 10 classes is one of them.")
NO_ACTIVATION = Diagnosis(
    "no-activation", "The net computes what its layers give without any ReLU.",
    "Put an nn.ReLU after each linear layer but the last.")
RELU_ON_OUTPUT = Diagnosis(
    "activation-on-output", "A ReLU stands after the last layer too.",
    "The last layer's numbers are scores of either sign: leave them alone.")
SOFTMAX_ON_OUTPUT = Diagnosis(
    "softmax-on-output", "The net ends with a softmax.",
    "Cross-entropy takes the scores themselves and has the softmax built in.", "torch.nn.CrossEntropyLoss",
    pattern="[Ss]oftmax")
OTHER_ACTIVATION = Diagnosis(
    "other-activation", "The net computes what its layers give with another activation than ReLU.",
    "The factors in the table are those of ReLU: nn.ReLU after each linear layer but the last.",
    pattern="Tanh|tanh|Sigmoid|sigmoid|LeakyReLU|GELU|ELU|SiLU")
SHARED = Diagnosis(
    "shared-layers", "One and the same layer stands in the net several times.",
    "`[layer] * n` repeats the layer, it does not copy it. Make a new nn.Linear each time.")
COPIED = Diagnosis(
    "copied-layers", "Several layers start with the very same weights.",
    "Draw each layer's weights anew.")
RESEEDED = Diagnosis(
    "reseeded", "The random numbers start anew within the function: what is drawn is the same each time.",
    "Do not seed inside `build` or `train`: whoever calls them may want several nets, and seeds once.",
    "torch.manual_seed", pattern="seed")
NO_BIAS = Diagnosis(
    "bias-left-out", "The layers have no bias at all.",
    "Leave `bias=True`, and fill the biases with zeros: they are trained later.", "torch.nn.Linear",
    pattern="bias")
NAMES_LOOSELY_MATCHED = Diagnosis(
    "loosely-matched", "Words that only resemble one of the three are taken for it.",
    "Compare the whole word as it is: `init == \"he\"`, or a dictionary. A misspelt word should be noticed.",
    pattern=r"lower|startswith|\bin init|casefold|strip")
NOT_VALUE_ERROR = Diagnosis(
    "not-value-error", "Something is raised, but not a ValueError.",
    "`raise ValueError(...)` for a word that is none of the three.", pattern=r"raise|assert|\[init\]")

# --- build: the first weights --------------------------------------------------------------------------

HE_SCALING = Diagnosis(
    "he-scaling", "The variance is 2 / fan_in: He's rule.",
    "What does `init` ask for? Each of the three has a variance of its own.", HE_FIGURE_3)
HALVED = Diagnosis(
    "halved-variance", "The variance is 1 / (fan_in + fan_out): half of Xavier's.",
    "Xavier's rule is one over the *mean* of fan_in and fan_out.", GLOROT)
STD_AS_BOUND = Diagnosis(
    "std-as-bound", "The variance is a third of what it should be.",
    "The variance of U(-b, b) is b^2 / 3: to the right standard deviation belongs a bound of sqrt(3) times "
    "as much.", GLOROT)
TENTH = Diagnosis(
    "std-for-variance", "The standard deviation is 0.1, the variance 0.01.",
    "0.01 is the standard deviation.")
UNIFORM = Diagnosis(
    "not-normal", "The width is right, the law is not a normal one.",
    "`normal_(0, std)` draws from a normal law, `uniform_(-a, a)` from one that is level and ends.",
    pattern=r"uniform|rand\(")
ENDS_FORGOTTEN = Diagnosis(
    "ends-forgotten", "The hidden layers are right, but the first or the last one is not.",
    "All linear layers are initialised, that from the input and that to the classes too.", HE_FIGURE_3)

SMALL_NORMAL = Diagnosis(
    "small-normal", "The standard deviation is 0.01, which is what \"normal\" asks for.",
    "What does `init` ask for? Each of the three has a variance of its own.", HE_FIGURE_3)

NORMAL = Law(lambda _: 0.01**2, "0.01^2")
KNOWN: tuple[Scaling, ...] = (
    *SCALINGS,
    (HE_SCALING, HE), (SMALL_NORMAL, NORMAL),
    (VARIANCE_AS_STD, Law(lambda s: 4 / sum(s) ** 2)),
    (HALVED, Law(lambda s: 1 / sum(s))),
    (STD_AS_BOUND, Law(lambda s: 2 / (3 * s[1]))),
    (STD_AS_BOUND, Law(lambda s: 2 / (3 * sum(s)))),
    (MEAN_FOR_STD, Law(lambda _: 1.0, mean=lambda s: math.sqrt(XAVIER.variance(s)))),
)


def scalings(right: Law) -> tuple[Scaling, ...]:
    """What the weights of linear layers may follow in place of the right law."""
    others = tuple((diagnosis, law) for diagnosis, law in KNOWN if law is not right)
    # 1 / width is 0.01, too
    return (*others, (TENTH, Law(lambda _: 0.01))) if right is NORMAL else others


# --- train ---------------------------------------------------------------------------------------------

NO_MOMENTUM = Diagnosis(
    "no-momentum", "This is SGD without momentum.",
    "Momentum 0.9 is part of the task. If you gave it: one optimizer for the whole training, not a new one "
    "for each step, which forgets.", "torch.optim.SGD, momentum", pattern="SGD")
NESTEROV = Diagnosis(
    "nesterov", "This is Nesterov's momentum.",
    "Plain momentum was asked for: leave `nesterov` out.", "torch.optim.SGD", pattern="nesterov")
WEIGHT_DECAY = Diagnosis(
    "weight-decay", "The weights decay: the update has a term more than SGD's.",
    "Leave `weight_decay` out: nothing but SGD with momentum was asked for.", "torch.optim.SGD",
    pattern="weight_decay")
CLIPPED = Diagnosis(
    "gradients-clipped", "The gradients were clipped before the update.",
    "Nothing but SGD with momentum was asked for. Where gradients are small one does not notice; here they "
    "are large.", "torch.nn.utils.clip_grad_norm_", pattern="clip")
EVALUATED = Diagnosis(
    "evaluation-mode", "The net was trained in evaluation mode.",
    "`model.eval()` is for measuring. Dropout and batch normalisation work otherwise while a net is trained.",
    "torch.nn.Module.train", pattern=r"\.eval\(|train\(False")
PILED_UP = Diagnosis(
    "gradients-pile-up", "The gradients of all steps add up.",
    "backward() adds to .grad. Call optimizer.zero_grad() in each step.", "torch.optim.Optimizer.zero_grad")
AFTER_UPDATE = Diagnosis(
    "loss-after-update", "These are the losses after each step's update, on the same batch.",
    "Keep the loss from which the gradient is taken: it is measured before the update.")
OTHER_RATE = Diagnosis(
    "rate-ignored", "The learning rate is not the one that was asked for.",
    "Use the argument `lr`.")
ADAM = Diagnosis(
    "adam", "This is Adam.",
    "The task is SGD with momentum 0.9.", "torch.optim.SGD", pattern="Adam")
SOFTMAX_TWICE = Diagnosis(
    "softmax-twice", "The scores went through a softmax before the cross-entropy.",
    "Cross-entropy has the softmax built in: give it the scores.", "torch.nn.CrossEntropyLoss",
    pattern="[Ss]oftmax")
ONE_BATCH = Diagnosis(
    "one-batch", "All steps use the first batch.",
    "Call next_batch() in each step.")
TWO_BATCHES = Diagnosis(
    "two-batches", "Every other batch is left out.",
    "Call next_batch() once for each step.")
SUMMED = Diagnosis(
    "summed-loss", "The loss is summed over the batch.",
    "Cross-entropy averages over the batch.")
RUNNING_MEAN = Diagnosis(
    "running-mean", "These are the means of all losses so far.",
    "One loss for each step.")
ROUNDED = Diagnosis(
    "rounded", "These are the right losses, rounded.",
    "Round when you print; what a function returns is the number itself.", pattern=r"round|format|:\.\d")
NOT_TRAINED = Diagnosis(
    "no-steps", "The losses are those of the untrained net.",
    "zero_grad, backward, step: all three, in each step.")
ONE_MORE = Diagnosis(
    "wrong-number", "There is one loss more or less than steps.",
    "range(steps) has `steps` numbers.")
COPY_TRAINED = Diagnosis(
    "copy-trained", "The net that was passed in is not trained at all.",
    "Train the model itself, not a copy of it.")
TENSORS = Diagnosis(
    "tensors-not-floats", "The losses are tensors.",
    "`loss.item()` is the number. A tensor that is not detached keeps the graph of its step in memory.",
    "torch.Tensor.item")
STATE_KEPT = Diagnosis(
    "state-kept", "A second call on the same model goes on with what the optimizer remembers of the first.",
    "Make a new optimizer in each call, and keep it nowhere else.", "torch.optim.SGD, momentum",
    pattern="SGD|global|setattr|hasattr")
PILE_UP = Diagnosis(
    "results-pile-up", "The list holds the losses of the call before as well.",
    "A list made once, outside the call or as a default argument, is shared by all calls.")

# --- verdict -------------------------------------------------------------------------------------------

LAST_ONLY = Diagnosis(
    "last-loss-only", "The last loss alone decides.",
    "One batch may be lucky or not: take the mean of the last ten losses.")
WHOLE_RUN = Diagnosis(
    "whole-run", "The mean of all losses decides.",
    "How it began is past: take the last ten.")
LOWEST = Diagnosis(
    "lowest-loss", "The lowest loss decides.",
    "A run that had learnt something and lost it has not converged: take the mean of the last ten.")
LOWER_THAN_FIRST = Diagnosis(
    "lower-than-first", "The end is compared with the beginning.",
    "A run that starts at 10 and comes down to chance has learnt nothing. Compare with 2.0.")
ALWAYS_TEN = Diagnosis(
    "always-ten", "The sum is divided by ten, also where there are fewer losses.",
    "Divide by the number of losses that you have added up.", pattern=r"/ *10")
BOUNDS = Diagnosis(
    "bounds-included", "All is right but for a mean of just 2.0 or 3.0.",
    '"converges" is for means below 2.0, "diverges" for those above 3.0.')
NAN_SLIPS_THROUGH = Diagnosis(
    "nan-slips-through", "NaN and inf are taken for numbers like others.",
    "Each comparison with NaN is False. Ask math.isfinite first, of all losses.", "math.isfinite")
