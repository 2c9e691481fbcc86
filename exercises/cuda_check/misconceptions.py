"""What people get wrong about devices, and what helps. `pattern` finds the place in their code."""

from __future__ import annotations

from grader.spec import Diagnosis

READ = "PyTorch documentation, CUDA semantics: device-agnostic code"

PARENTHESES = Diagnosis("missing-parentheses", "A function was asked for, but not called.",
                        "`torch.cuda.is_available` without parentheses is the function itself, and that "
                        "counts as true everywhere.", READ, pattern=r"is_available(?!\()")
UNGUARDED = Diagnosis("unguarded-cuda-call", "CUDA was asked for details before it was known to be there.",
                      "`get_device_name`, `current_device` and `get_device_properties` raise without CUDA: "
                      "ask `torch.cuda.is_available()` first.", READ)
ONE_BUILD = Diagnosis("one-build-only", "The exception is caught that one build of PyTorch raises, not the "
                      "other's.",
                      "A build without CUDA raises AssertionError, one for CUDA without a driver "
                      "RuntimeError. Catch both, or ask `is_available()` first.", READ)
BUILT_FOR = Diagnosis("built-for-available", "Built for CUDA was taken for CUDA being available.",
                      "`torch.version.cuda` and `is_built()` describe the installation; "
                      "`torch.cuda.is_available()` asks whether there is a GPU that it can use.", READ,
                      pattern=r"is_built|version\.cuda|has_cuda")
NONE_AS_TEXT = Diagnosis("none-as-text", "This is the text 'None', not None.",
                         "Leave `torch.version.cuda` as it is.", pattern=r"""str\(|f["\']""")
FIRST_NAME = Diagnosis("first-name-only", "Only the first GPU's name is there.",
                       "Ask `get_device_name(i)` for each i below `device_count()`.")
SAME_NAME = Diagnosis("same-name-repeated", "The first GPU's name is there once for each GPU.",
                      "Without an argument `get_device_name()` speaks of the current GPU: pass the index.")
STRING = Diagnosis("string-not-device", "This is a string, not a torch.device.",
                   "`torch.device(\"cuda\")` makes one.", "torch.device")
ALWAYS_CUDA = Diagnosis("always-cuda", "CUDA is picked whether there is a GPU or not.",
                        "Let `torch.cuda.is_available()` decide, and mind its parentheses.", READ,
                        pattern=r"""["']cuda""")
ALWAYS_CPU = Diagnosis("always-cpu", "The CPU is picked although there is a GPU.",
                       "Print what your condition is: it is never true.", READ)
SECOND_GPU = Diagnosis("second-gpu-hard-coded", "`cuda:1` is the *second* GPU, and there may be only one.",
                       "GPUs are counted from 0; `cuda` without a number is the current one.", "torch.device",
                       pattern="cuda:1")
HARD_CODED = Diagnosis("cuda-hard-coded", "The data goes to the current GPU, whatever `device` says.",
                       "Use `.to(device)` instead of `.cuda()` or `.to(\"cuda\")`.", READ,
                       pattern=r"""\.cuda\(|["']cuda""")
DEVICE_STRING = Diagnosis("device-compared-with-string",
                          "A device was compared with a string, and nothing was moved.",
                          "`torch.device(\"cuda\") == \"cuda\"` is False. Compare `device.type`, or better: "
                          "just call `.to(device)`, which does nothing where there is nothing to do.",
                          "torch.device", pattern="[=!]=")
MODEL_LEFT = Diagnosis("model-not-moved", "The batch was moved, the model was not.",
                       "`model.to(device)` moves a module in place.", "torch.nn.Module.to")
BUFFERS_LEFT = Diagnosis("buffers-not-moved", "The parameters were moved one by one, and the buffers stayed "
                         "behind.",
                         "`model.to(device)` moves both; BatchNorm's running statistics are buffers.",
                         "torch.nn.Module.to")
DATA_LEFT = Diagnosis("data-not-moved", "The model was moved, the batch was not.",
                      "`Tensor.to` returns a new tensor and leaves the old one where it is: "
                      "`inputs = inputs.to(device)`.", "torch.Tensor.to")
TARGETS_LEFT = Diagnosis("targets-not-moved", "The inputs were moved, the targets were not.",
                         "The loss needs both on one device.", "torch.Tensor.to")
NOT_CLEARED = Diagnosis("gradients-not-cleared", "The second step used the gradients of both batches.",
                        "Call `optimizer.zero_grad()` in every step.", "torch.optim.Optimizer.zero_grad")
NO_UPDATE = Diagnosis("no-update", "The parameters are what they were.",
                      "The order is `loss.backward()`, then `optimizer.step()`, with no `zero_grad()` "
                      "between them.", "torch.optim.Optimizer.step")
STEP_FIRST = Diagnosis("step-before-backward", "The second step applied the first batch's gradients.",
                       "Call `optimizer.step()` after `loss.backward()`.", "torch.optim.Optimizer.step")
STEPPED_TWICE = Diagnosis("stepped-twice", "Each batch moved the parameters twice.",
                          "Call `optimizer.step()` once.")
CLIPPED = Diagnosis("gradients-clipped", "The gradients were clipped before the step.",
                    "One step with the optimizer was asked for, and nothing else. Where gradients are small "
                    "clipping does not show; here they are large.", "torch.nn.utils.clip_grad_norm_",
                    pattern="clip")
EVALUATED = Diagnosis("evaluation-mode", "The net was trained in evaluation mode.",
                      "`model.eval()` is for measuring. Dropout and batch normalisation work otherwise while "
                      "a net is trained.", "torch.nn.Module.train", pattern=r"\.eval\(|train\(False")
LOSS_AFTERWARDS = Diagnosis("loss-after-step", "This is the loss of the same batch after the step.",
                            "Keep the loss from which the gradients are taken.", pattern="loss_fn")
LOSS_KEPT = Diagnosis("loss-of-another-call", "The second call returns what the first one did.",
                      "Return the loss of the batch that was passed in.", pattern="global|return")
NO_DEVICE = Diagnosis("module-has-no-device", "A module has no `.device`.",
                      "Its parameters have: `next(model.parameters()).device`. Here `device` is at hand "
                      "anyway.", "torch.nn.Module", pattern=r"model\.device")
GPU_NAMED = Diagnosis("no-such-device", "This is the name of no device.",
                      "NVIDIA's GPUs are called `cuda`.", "torch.device", pattern="gpu|GPU|CUDA\"")
MORE_THAN_ONE = Diagnosis("more-than-one", "CUDA is picked only where there are several GPUs.",
                          "One is enough: `device_count() > 0`.", pattern="device_count")
UPSIDE_DOWN = Diagnosis("branches-swapped", "CUDA is picked just where there is none.",
                        "Read your condition aloud, and what comes first.", pattern="if|else|not")
LOSS_TENSOR = Diagnosis("loss-tensor", "The loss is a tensor, not a float.",
                        "`loss.item()` gives the number. A tensor kept in a list keeps its graph, and its "
                        "place on the GPU, alive.", "torch.Tensor.item")
