# ruff: noqa: E501 (one line of the table is one line)
"""The conformance table: what PyTorch answers about devices, line by line.

Each line is (world, snippet, outcome). The outcome is that of the snippet's last expression, as `outcome.py`
writes it; for an error, its class and the leading words of its message.

Where the outcomes come from: PyTorch's documentation and its source (v2.13: torch/cuda, torch/accelerator,
torch/serialization.py, ATen/native/TensorIterator.cpp, TensorAdvancedIndexing.cpp, Convolution.cpp, RNN.cpp,
ATen/core/adaption.cpp, torch/csrc/utils/tensor_numpy.cpp). None was recorded: no GPU has run this table yet.
`python -m tests.conformance.record` makes a recording, and test_simulated_cuda.py then compares with that as
well.
"""

import re

import torch

PROVENANCE = "documented"       # "recorded" only once recording.json is here

TOGETHER = "RuntimeError: Expected all tensors to be on the same device"
# torch 2.8 gave these errors a class of their own
ORDINAL = f"{getattr(torch, 'AcceleratorError', RuntimeError).__name__}: CUDA error: invalid device ordinal"
UNCOMPILED = "AssertionError: Torch not compiled with CUDA enabled"
NO_DRIVER = "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
TO_NUMPY = "TypeError: can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()"
NET = "net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))\n"
ONES = "for p in net.parameters(): nn.init.constant_(p, 0.5)\n"
STEP = """for _ in range(3):
    opt.zero_grad()
    loss = F.mse_loss(net(torch.ones(2, 3, device='cuda')), torch.zeros(2, 1, device='cuda'))
    loss.backward()
    opt.step()
"""

NO_CUDA = [
    ("torch.cuda.is_available()", "False"),
    ("bool(torch.cuda.is_available)", "True"),
    ("from torch.cuda import is_available\nis_available()", "False"),
    ("torch.cuda.device_count()", "0"),
    ("torch.version.cuda", "None"),
    ("torch.backends.cuda.is_built()", "False"),
    ("torch.cuda.is_initialized()", "False"),
    ("torch.accelerator.is_available()", "False"),
    ("torch.accelerator.current_accelerator()", "None"),
    ("torch.accelerator.device_count()", "0"),
    ("torch.device('cuda')", "device(cuda)"),
    ("torch.device('cuda:3').index", "3"),
    ("torch.device('cuda') == 'cuda'", "False"),
    ("torch.device('gpu')", "RuntimeError: Expected one of cpu, cuda"),
    ("torch.zeros(2, device='cuda')", UNCOMPILED),
    ("torch.zeros(2).cuda()", UNCOMPILED),
    ("torch.zeros(2).to('cuda')", UNCOMPILED),
    ("nn.Linear(2, 2).cuda()", UNCOMPILED),
    ("nn.Linear(2, 2, device='cuda')", UNCOMPILED),
    ("torch.cuda.get_device_name()", UNCOMPILED),
    ("torch.cuda.get_device_name(0)", UNCOMPILED),
    ("torch.cuda.current_device()", UNCOMPILED),
    ("torch.cuda.get_device_properties(0)", UNCOMPILED),
    ("torch.cuda.synchronize()", UNCOMPILED),
    ("torch.cuda.memory_allocated()", "0"),
    ("torch.cuda.empty_cache()", "None"),
    ("torch.cuda.manual_seed_all(1)", "None"),
    ("torch.device('cuda' if torch.cuda.is_available() else 'cpu')", "device(cpu)"),
    ("'cuda' if torch.cuda.is_available else 'cpu'", "'cuda'"),
    ("torch.zeros(2).device", "device(cpu)"),
    ("torch.zeros(2).is_cuda, torch.zeros(2).get_device()", "(False, -1)"),
    ("torch.ones(2).to('cpu')", "tensor([1.0, 1.0], cpu, float32)"),
]

# A build for CUDA on a machine without a driver: it answers the same questions, and raises another error.
UNDRIVEN = [
    *((snippet, NO_DRIVER if expected == UNCOMPILED else expected) for snippet, expected in NO_CUDA
      if not snippet.startswith(("torch.version", "torch.backends", "torch.accelerator.current"))),
    ("from torch.version import cuda\ncuda", "'13.0'"),
    ("torch.backends.cuda.is_built(), torch.backends.cudnn.is_available()", "(True, True)"),
    ("torch.accelerator.current_accelerator()", "device(cuda)"),
    ("torch.accelerator.current_accelerator(check_available=True)", "None"),
    ("torch.accelerator.current_device_index()", NO_DRIVER),
    ("torch.accelerator.memory_allocated()", "0"),
    ("torch.cuda.set_device(0)", NO_DRIVER),
    ("with torch.cuda.device(0):\n    x = 1\nx", NO_DRIVER),
    ("torch.cuda.mem_get_info()", NO_DRIVER),
    ("torch.cuda.get_arch_list()", "[]"),
    ("torch.cuda.is_bf16_supported()", "False"),
    ("torch.ones(1).pin_memory()", NO_DRIVER),
    ("torch.set_default_device('cuda')\ntorch.ones(1)", NO_DRIVER),
]

ONE_GPU = [
    # what the machine says of itself
    ("torch.cuda.is_available()", "True"),
    ("type(torch.cuda.is_available()).__name__", "'bool'"),
    ("from torch.cuda import is_available, device_count\nis_available(), device_count()", "(True, 1)"),
    ("torch.cuda.current_device()", "0"),
    ("isinstance(torch.cuda.get_device_name(), str)", "True"),
    ("torch.cuda.get_device_name(0) == torch.cuda.get_device_name('cuda') == "
     "torch.cuda.get_device_properties(0).name", "True"),
    ("torch.cuda.get_device_name(1)", "AssertionError: Invalid device id"),
    ("torch.cuda.get_device_properties(1)", "AssertionError: Invalid device id"),
    ("torch.cuda.get_device_name('cpu')", "ValueError: Expected a cuda device, but got: cpu"),
    ("p = torch.cuda.get_device_properties(0)\n(p.major, p.minor) == torch.cuda.get_device_capability()",
     "True"),
    ("p = torch.cuda.get_device_properties(0)\n[type(v).__name__ for v in (p.name, p.total_memory, p.major, "
     "p.multi_processor_count)]", "['str', 'int', 'int', 'int']"),
    ("type(torch.version.cuda).__name__", "'str'"),
    ("torch.backends.cuda.is_built(), torch.backends.cudnn.is_available()", "(True, True)"),
    ("torch.accelerator.is_available(), torch.accelerator.device_count()", "(True, 1)"),
    ("torch.accelerator.current_accelerator()", "device(cuda)"),
    ("torch.accelerator.current_accelerator().type", "'cuda'"),
    ("torch.accelerator.current_device_index()", "0"),
    ("torch.accelerator.synchronize()", "None"),
    ("torch.cuda.synchronize(), torch.cuda.empty_cache()", "(None, None)"),
    ("torch.cuda.set_device(0)\ntorch.cuda.current_device()", "0"),
    ("torch.cuda.set_device(1)", ORDINAL),
    ("torch.cuda.set_device('cuda:0')\ntorch.cuda.current_device()", "0"),
    ("torch.cuda.set_device('cpu')", "ValueError: Expected a cuda device, but got: cpu"),
    ("with torch.cuda.device(0):\n    d = torch.zeros(1, device='cuda').device\nd", "device(cuda:0)"),
    ("free, total = torch.cuda.mem_get_info()\n0 < free <= total", "True"),
    ("a = torch.cuda.memory_allocated()\nx = torch.zeros(1000, device='cuda')\ntorch.cuda.memory_allocated() "
     "- a", "4096"),
    ("x = torch.zeros(1000, device='cuda')\na = torch.cuda.memory_allocated()\ndel "
     "x\ntorch.cuda.memory_allocated() - a", "-4096"),
    ("torch.cuda.reset_peak_memory_stats()\ntorch.cuda.max_memory_allocated() == "
     "torch.cuda.memory_allocated()", "True"),
    ("torch.device(0)", "device(cuda:0)"),
    ("isinstance(torch.zeros(1, device='cuda').device, torch.device)", "True"),
    # making tensors
    ("torch.ones(2, device='cuda')", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("torch.ones(2, device=torch.device('cuda'))", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("torch.ones(2, device='cuda:0', dtype=torch.float64)", "tensor([1.0, 1.0], cuda:0, float64)"),
    ("torch.ones(2, device=0)", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("torch.ones(2, device='cuda:1')", ORDINAL),
    ("torch.tensor([1, 2], device='cuda')", "tensor([1, 2], cuda:0, int64)"),
    ("torch.tensor([1., 2.], device='cuda', requires_grad=True).is_leaf", "True"),
    ("torch.arange(3, device='cuda')", "tensor([0, 1, 2], cuda:0, int64)"),
    ("torch.eye(2, device='cuda')", "tensor([[1.0, 0.0], [0.0, 1.0]], cuda:0, float32)"),
    ("torch.full((2,), 3., device='cuda')", "tensor([3.0, 3.0], cuda:0, float32)"),
    ("torch.randn(2, 3, device='cuda').shape", "torch.Size([2, 3])"),
    ("x = torch.ones(2)\ny = torch.as_tensor(x, device='cuda')\nx.device, y.device",
     "(device(cpu), device(cuda:0))"),
    ("torch.as_tensor(np.ones(2), device='cuda')", "tensor([1.0, 1.0], cuda:0, float64)"),
    ("torch.from_numpy(np.ones(2)).device", "device(cpu)"),
    ("torch.zeros_like(torch.ones(2, device='cuda')).device", "device(cuda:0)"),
    ("torch.zeros_like(torch.ones(2, device='cuda'), device='cpu').device", "device(cpu)"),
    ("torch.ones_like(torch.ones(2), device='cuda').device", "device(cuda:0)"),
    ("x = torch.ones(2, device='cuda')\nx.new_zeros(1).device, x.new_tensor([1.]).device, x.new_full((1,), "
     "2.).device", "(device(cuda:0), device(cuda:0), device(cuda:0))"),
    ("x = torch.ones(2, device='cuda')\nx.new([1.]).device, x.new(3).device",
     "(device(cuda:0), device(cuda:0))"),
    ("torch.Tensor([1., 2.]).device", "device(cpu)"),
    ("with torch.device('cuda'):\n    x, y, z = torch.zeros(1), nn.Linear(1, 1).weight, torch.tensor([1])\n"
     "x.device, y.device, z.device, torch.zeros(1).device",
     "(device(cuda:0), device(cuda:0), device(cuda:0), device(cpu))"),
    ("torch.set_default_device('cuda')\nx = torch.zeros(1).device, torch.get_default_device()\n"
     "torch.set_default_device(None)\nx", "(device(cuda:0), device(cuda:0))"),
    ("nn.Linear(2, 2, device='cuda').weight.device", "device(cuda:0)"),
    # moving tensors
    ("x = torch.ones(2)\ny = x.to('cuda')\nx.device, y.device", "(device(cpu), device(cuda:0))"),
    ("x = torch.ones(2)\nx.to('cuda')\nx.device", "device(cpu)"),
    ("torch.ones(2).cuda()", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("torch.ones(2).cuda(0).device", "device(cuda:0)"),
    ("torch.ones(2).to(0).device", "device(cuda:0)"),
    ("torch.ones(2).cuda(1)", ORDINAL),
    ("torch.ones(2).to('cuda:1')", ORDINAL),
    ("torch.ones(2).to('gpu')", "RuntimeError: Expected one of cpu, cuda"),
    ("torch.ones(2).cuda('cpu')", "RuntimeError: Invalid device, must be cuda device"),
    ("torch.ones(2).to('cuda', torch.float64)", "tensor([1.0, 1.0], cuda:0, float64)"),
    ("torch.ones(2, device='cuda').to(torch.float16)", "tensor([1.0, 1.0], cuda:0, float16)"),
    ("torch.ones(2, device='cuda').double()", "tensor([1.0, 1.0], cuda:0, float64)"),
    ("torch.ones(2).to(torch.ones(1, device='cuda', dtype=torch.int64))", "tensor([1, 1], cuda:0, int64)"),
    ("torch.ones(2).type_as(torch.ones(1, device='cuda')).device", "device(cuda:0)"),
    ("torch.ones(2, device='cuda').cpu()", "tensor([1.0, 1.0], cpu, float32)"),
    ("x = torch.ones(2, device='cuda')\nx.to('cuda') is x, x.cuda() is x, x.cpu() is x",
     "(True, True, False)"),
    ("x = torch.ones(2)\nx.to('cpu') is x, x.cpu() is x", "(True, True)"),
    ("x = torch.ones(2, device='cuda')\ny = x.cpu()\ny += 1\nx", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("x = torch.ones(2)\ny = x.cuda()\nx += 1\ny", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("x = torch.ones(2, device='cuda')\ny = x.to('cuda', copy=True)\ny is x, y.device",
     "(False, device(cuda:0))"),
    ("torch.ones(2).to('cuda', non_blocking=True).device", "device(cuda:0)"),
    ("x = torch.ones(2).pin_memory()\nx.is_pinned(), x.device, x.to('cuda', non_blocking=True).device",
     "(True, device(cpu), device(cuda:0))"),
    ("torch.ones(2).is_pinned()", "False"),
    ("torch.ones(2, device='cuda').pin_memory()",
     "RuntimeError: cannot pin 'torch.cuda.FloatTensor' only dense CPU tensors can be pinned"),
    ("x = torch.zeros(2)\nx.copy_(torch.ones(2, device='cuda'))\nx", "tensor([1.0, 1.0], cpu, float32)"),
    ("x = torch.zeros(2, device='cuda')\nx.copy_(torch.ones(2))\nx", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("x = torch.zeros(2, device='cuda')\nx[0] = torch.tensor(5.)\nx", "tensor([5.0, 0.0], cuda:0, float32)"),
    ("torch.ones(2, device='cuda').type()", "'torch.cuda.FloatTensor'"),
    ("torch.ones(2, device='cuda').to('meta').device", "device(meta)"),
    # what a tensor says of itself
    ("x = torch.ones(2, device='cuda')\nx.is_cuda, x.is_cpu, x.get_device()", "(True, False, 0)"),
    ("torch.ones(2, device='cuda').device == 'cuda'", "False"),
    ("torch.ones(2, device='cuda').device == 'cuda:0'", "False"),
    ("torch.ones(2, device='cuda').device == torch.device('cuda')", "False"),
    ("torch.ones(2, device='cuda').device == torch.device('cuda:0')", "True"),
    ("torch.ones(2, device='cuda').device.type", "'cuda'"),
    ("repr(torch.ones(2, device='cuda'))", "\"tensor([1., 1.], device='cuda:0')\""),
    ("repr(torch.ones(2, device='cuda', requires_grad=True))",
     "\"tensor([1., 1.], device='cuda:0', requires_grad=True)\""),
    ("repr(torch.ones(2, requires_grad=True).cuda())",
     "\"tensor([1., 1.], device='cuda:0', grad_fn=<ToCopyBackward0>)\""),
    ("repr(torch.ones((), device='cuda'))", "\"tensor(1., device='cuda:0')\""),
    ("f'{torch.ones((), device=\"cuda\"):.2f}'", "'1.00'"),
    ("torch.ones(2, device='cuda').numpy()", TO_NUMPY),
    ("np.asarray(torch.ones(2, device='cuda'))", TO_NUMPY),
    ("np.array(torch.ones(2, device='cuda'))", TO_NUMPY),
    ("torch.ones(2, device='cuda', requires_grad=True).numpy()", TO_NUMPY),
    ("torch.ones(2, device='cuda').cpu().numpy().tolist()", "[1.0, 1.0]"),
    ("torch.ones(2, device='cuda').numpy(force=True).tolist()", "[1.0, 1.0]"),
    ("x = torch.ones(2, device='cuda')\nx.tolist(), x.sum().item(), float(x[0]), bool(x[0])",
     "([1.0, 1.0], 2.0, 1.0, True)"),
    # operations keep the device
    ("(torch.ones(2, device='cuda') * 2 + 1).sum()", "tensor(6.0, cuda:0, float32)"),
    ("x = torch.ones(2, 3, device='cuda')\n[t.device.type for t in (x[0], x.T, x.view(6), x.detach(), "
     "x.data, x.clone(), x > 0, x.half(), x.mean(), x.argmax())]",
     "['cuda', 'cuda', 'cuda', 'cuda', 'cuda', 'cuda', 'cuda', 'cuda', 'cuda', 'cuda']"),
    ("x = torch.ones(2, device='cuda')\nx.add_(1).mul_(3)\nx", "tensor([6.0, 6.0], cuda:0, float32)"),
    ("x = torch.arange(3., device='cuda')\nx[x > 0] = 9.\nx", "tensor([0.0, 9.0, 9.0], cuda:0, float32)"),
    ("torch.stack([torch.ones(1, device='cuda')] * 2).device", "device(cuda:0)"),
    ("torch.ones(2, 2, device='cuda') @ torch.ones(2, 2, device='cuda')",
     "tensor([[2.0, 2.0], [2.0, 2.0]], cuda:0, float32)"),
    ("torch.where(torch.ones(2, device='cuda') > 0, torch.ones(2, device='cuda'), 0.).device",
     "device(cuda:0)"),
    ("F.one_hot(torch.tensor([0, 1], device='cuda'))", "tensor([[1, 0], [0, 1]], cuda:0, int64)"),
    ("torch.einsum('i,i->', torch.ones(2, device='cuda'), torch.ones(2, device='cuda'))",
     "tensor(2.0, cuda:0, float32)"),
    ("torch.arange(3., device='cuda')[torch.tensor([0, 2])]", "tensor([0.0, 2.0], cuda:0, float32)"),
    ("torch.arange(3., device='cuda')[[0, 2]]", "tensor([0.0, 2.0], cuda:0, float32)"),
    ("torch.linalg.norm(torch.ones(4, device='cuda'))", "tensor(2.0, cuda:0, float32)"),
    # mixing devices
    ("torch.ones(2, device='cuda') + torch.ones(2)",
     TOGETHER + ", but found at least two devices, cuda:0 and cpu!"),
    ("torch.ones(2) * torch.ones(2, device='cuda')",
     TOGETHER + ", but found at least two devices, cuda:0 and cpu!"),
    ("torch.ones(2, 2, device='cuda') @ torch.ones(2, 2)", TOGETHER),
    ("torch.cat([torch.ones(1), torch.ones(1, device='cuda')])", TOGETHER),
    ("torch.stack([torch.ones(1), torch.ones(1, device='cuda')])", TOGETHER),
    ("torch.ones(2).add_(torch.ones(2, device='cuda'))", TOGETHER),
    ("x = torch.zeros(2)\nx += torch.ones((), device='cuda')\nx", TOGETHER),
    ("x = torch.zeros(())\nx += torch.ones((), device='cuda')\nx", TOGETHER),
    ("torch.ones(2, device='cuda') + torch.tensor(1.)", "tensor([2.0, 2.0], cuda:0, float32)"),
    ("torch.tensor(1.) + torch.ones((), device='cuda')", "tensor(2.0, cuda:0, float32)"),
    ("torch.ones(2) + torch.ones((), device='cuda')", TOGETHER),
    ("torch.arange(3.)[torch.tensor([0], device='cuda')]",
     "RuntimeError: indices should be either on cpu or on the same device as the indexed tensor (cpu)"),
    ("torch.ones(2, device='cuda').masked_fill(torch.ones(2) > 0, 0.)",
     "RuntimeError: expected self and mask to be on the same device, but got mask on cpu and self on cuda:0"),
    ("F.linear(torch.ones(1, 2, device='cuda'), torch.ones(1, 2))", TOGETHER),
    ("nn.Linear(2, 1).cuda()(torch.ones(1, 2))", TOGETHER),
    ("nn.Linear(2, 1)(torch.ones(1, 2, device='cuda'))", TOGETHER),
    # two images: of a single small one a kernel without oneDNN says the same in other words
    ("nn.Conv2d(1, 1, 2).cuda()(torch.ones(2, 1, 2, 2))",
     "RuntimeError: Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the "
     "same"),
    ("nn.Conv2d(1, 1, 2)(torch.ones(1, 1, 2, 2, device='cuda'))",
     "RuntimeError: Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the "
     "same"),
    ("nn.Embedding(3, 2).cuda()(torch.tensor([1]))", TOGETHER),
    ("nn.LSTM(2, 2).cuda()(torch.ones(1, 1, 2))",
     "RuntimeError: Input and parameter tensors are not at the same device, found input tensor at cpu and "
     "parameter tensor at cuda:0"),
    ("nn.GRU(2, 2).cuda()(torch.ones(1, 1, 2, device='cuda'), torch.zeros(1, 1, 2))",
     "RuntimeError: Input and hidden tensors are not at the same device, found input tensor at cuda:0 and "
     "hidden tensor at cpu"),
    ("nn.LayerNorm(2).cuda()(torch.ones(1, 2))", TOGETHER),
    ("F.mse_loss(torch.ones(2, device='cuda'), torch.ones(2))", TOGETHER),
    ("F.cross_entropy(torch.ones(1, 2, device='cuda'), torch.tensor([0]))", TOGETHER),
    ("F.cross_entropy(torch.ones(1, 2, device='cuda'), torch.tensor([0], device='cuda'))",
     "tensor(0.6931, cuda:0, float32)"),
    ("F.binary_cross_entropy_with_logits(torch.zeros(2, device='cuda'), torch.ones(2))", TOGETHER),
    ("torch.randn(2, device='cuda', generator=torch.Generator())",
     "RuntimeError: Expected a 'cuda' device type for generator but found 'cpu'"),
    # random numbers
    ("torch.manual_seed(1)\na = torch.rand(3, device='cuda')\ntorch.manual_seed(1)\n"
     "torch.equal(a, torch.rand(3, device='cuda'))", "True"),
    ("torch.manual_seed(1)\na = torch.rand(3)\ntorch.manual_seed(1)\ntorch.rand(3, device='cuda')\n"
     "torch.equal(a, torch.rand(3))", "True"),
    ("g = torch.Generator(device='cuda')\ng.device", "device(cuda)"),
    ("g = torch.Generator('cuda').manual_seed(3)\na = torch.rand(2, device='cuda', "
     "generator=g)\ng.manual_seed(3)\ntorch.equal(a, torch.rand(2, device='cuda', generator=g))", "True"),
    ("torch.cuda.manual_seed(5)\ntorch.cuda.initial_seed()", "5"),
    ("s = torch.cuda.get_rng_state()\na = torch.rand(2, device='cuda')\ntorch.cuda.set_rng_state(s)\n"
     "torch.equal(a, torch.rand(2, device='cuda'))", "True"),
    # modules
    (NET + "net.to('cuda') is net, {p.device.type for p in net.parameters()}", "(True, {'cuda'})"),
    (NET + "before = list(net.parameters())\nnet.cuda()\nall(a is b for a, b in zip(before, "
     "net.parameters()))", "True"),
    (NET + "type(net.cuda()[0].weight).__name__, net[0].weight.is_leaf", "('Parameter', True)"),
    (NET + "net.cuda().cpu()[0].weight.device", "device(cpu)"),
    (NET + "net.to(0)[0].weight.device", "device(cuda:0)"),
    (NET + "net.to('cuda', torch.float64)[0].weight.dtype", "torch.float64"),
    (NET + "net.device", "AttributeError: 'Sequential' object has no attribute 'device'"),
    ("bn = nn.BatchNorm1d(2).cuda()\nbn.running_mean.device, bn.num_batches_tracked.device, "
     "bn(torch.ones(2, 2, device='cuda')).device", "(device(cuda:0), device(cuda:0), device(cuda:0))"),
    ("m = nn.Linear(1, 1)\nm.register_buffer('b', torch.ones(1))\nm.plain = "
     "torch.ones(1)\nm.cuda()\nm.b.device, m.plain.device", "(device(cuda:0), device(cpu))"),
    ("nn.Conv2d(1, 1, 2).cuda()(torch.ones(1, 1, 2, 2, device='cuda')).device", "device(cuda:0)"),
    ("nn.LayerNorm(2).cuda()(torch.tensor([[1., 3.]], device='cuda'))",
     "tensor([[-1.0, 1.0]], cuda:0, float32)"),
    ("nn.Embedding(3, 2).cuda()(torch.tensor([1], device='cuda')).device", "device(cuda:0)"),
    ("[t.device.type for t in (lambda o, h: (o, *h))(*nn.LSTM(2, 2).cuda()(torch.ones(1, 1, 2, "
     "device='cuda')))]", "['cuda', 'cuda', 'cuda']"),
    ("[t.device.type for t in nn.GRU(2, 2).cuda()(torch.ones(1, 1, 2, device='cuda'))]", "['cuda', 'cuda']"),
    ("[t.device.type for t in nn.RNN(2, 2).cuda()(torch.ones(1, 1, 2, device='cuda'))]", "['cuda', 'cuda']"),
    ("x = torch.ones(2, 1, 4, device='cuda')\n[t.device.type for t in nn.MultiheadAttention(4, 2).cuda()(x, "
     "x, x)]", "['cuda', 'cuda']"),
    ("nn.TransformerEncoderLayer(4, 2, 8).cuda()(torch.ones(2, 1, 4, device='cuda')).device",
     "device(cuda:0)"),
    ("nn.Dropout(0.5)(torch.ones(100, device='cuda')).device", "device(cuda:0)"),
    ("nn.Dropout(0.5).eval()(torch.ones(2, device='cuda'))", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("nn.Parameter(torch.ones(2, device='cuda')).device", "device(cuda:0)"),
    ("p = nn.Parameter(torch.ones(2))\nq = p.cuda()\ntype(q).__name__, q.is_leaf, p.device",
     "('Tensor', False, device(cpu))"),
    ("p = nn.Parameter(torch.ones(2))\np.data = p.data.cuda()\np.device", "device(cuda:0)"),
    ("w = torch.empty(2, 2, device='cuda')\nnn.init.constant_(w, 3.)",
     "tensor([[3.0, 3.0], [3.0, 3.0]], cuda:0, float32)"),
    ("nn.init.kaiming_normal_(torch.empty(2, 2, device='cuda')).device", "device(cuda:0)"),
    ("p = nn.utils.rnn.pack_padded_sequence(torch.ones(2, 1, 3, device='cuda'), torch.tensor([2]))\n"
     "p.data.device, p.batch_sizes.device", "(device(cuda:0), device(cpu))"),
    ("nn.utils.rnn.pack_padded_sequence(torch.ones(2, 1, 3, device='cuda'), torch.tensor([2], device='cuda'))",
     "RuntimeError: 'lengths' argument should be a 1D CPU int64 tensor, but got 1D cuda:0 Long tensor"),
    # gradients
    ("x = torch.ones(2, device='cuda', requires_grad=True)\n(x * x).sum().backward()\nx.grad",
     "tensor([2.0, 2.0], cuda:0, float32)"),
    ("x = torch.ones(2, requires_grad=True)\n(x.cuda() * 3).sum().backward()\nx.grad",
     "tensor([3.0, 3.0], cpu, float32)"),
    ("x = torch.ones(2, device='cuda', requires_grad=True)\n(x.cpu() * 3).sum().backward()\nx.grad",
     "tensor([3.0, 3.0], cuda:0, float32)"),
    ("x = torch.ones(2, requires_grad=True)\ny = x * 2\n(y.cuda() * y.cuda()).sum().backward()\nx.grad",
     "tensor([8.0, 8.0], cpu, float32)"),
    ("x = torch.ones(2, device='cuda', requires_grad=True)\nseen = []\nx.register_hook(lambda g: "
     "seen.append((g.device, g.norm().device)))\nx.sum().backward()\nseen",
     "[(device(cuda:0), device(cuda:0))]"),
    (NET + "seen = set()\nnet.cuda()[0].register_full_backward_hook(lambda m, i, o: "
     "seen.add(o[0].device.type))\nnet(torch.ones(1, 3, device='cuda')).sum().backward()\nseen", "{'cuda'}"),
    (NET + "seen = set()\nnet.cuda()[0].register_forward_hook(lambda m, i, o: seen.add((i[0].device.type, "
     "o.device.type)))\nnet(torch.ones(1, 3, device='cuda'))\nseen", "{('cuda', 'cuda')}"),
    ("p = nn.Parameter(torch.ones(2, device='cuda'))\nseen = []\np.register_post_accumulate_grad_hook(lambda "
     "p: seen.append((p.device, p.grad.device)))\np.sum().backward()\nseen",
     "[(device(cuda:0), device(cuda:0))]"),
    (NET + "net.cuda()(torch.ones(1, 3, device='cuda')).sum().backward()\n{p.grad.device.type for p in "
     "net.parameters()}", "{'cuda'}"),
    (NET + "net(torch.ones(1, 3)).sum().backward()\nnet.cuda()\n{p.grad.device.type for p in "
     "net.parameters()}", "{'cuda'}"),
    ("x = torch.ones(2, device='cuda', requires_grad=True)\ng, = torch.autograd.grad((x ** 2).sum(), x, "
     "create_graph=True)\ntorch.autograd.grad(g.sum(), x)[0]", "tensor([2.0, 2.0], cuda:0, float32)"),
    ("class Double(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x "
     "* 2\n"
     "    @staticmethod\n    def backward(ctx, g):\n        return g * 2 + torch.zeros(2, device=g.device)\n"
     "x = torch.ones(2, device='cuda', requires_grad=True)\nDouble.apply(x).sum().backward()\nx.grad",
     "tensor([2.0, 2.0], cuda:0, float32)"),
    (NET + "net.cuda()(torch.ones(1, 3, device='cuda')).sum().backward()\n"
     "nn.utils.clip_grad_norm_(net.parameters(), 1.).device", "device(cuda:0)"),
    ("m = nn.LSTM(2, 2).cuda()\nm(torch.ones(2, 1, 2, device='cuda'))[0].sum().backward()\n"
     "{p.grad.device.type for p in m.parameters()}", "{'cuda'}"),
    # training
    *((NET + ONES + f"net.cuda()\nopt = torch.optim.{opt}\n" + STEP
       + "loss < 20, loss.device, net[0].weight.device",
       "(tensor(True, cuda:0, bool), device(cuda:0), device(cuda:0))")
      for opt in ("SGD(net.parameters(), 0.01, momentum=0.9)", "Adam(net.parameters())",
                  "AdamW(net.parameters())",
                  "Adam(net.parameters(), foreach=False)", "AdamW(net.parameters(), fused=True)",
                  "RMSprop(net.parameters())")),
    ("net = nn.Linear(1, 1).cuda()\nfor p in net.parameters(): nn.init.ones_(p)\nopt = "
     "torch.optim.SGD(net.parameters(), 0.5)\n"
     "net(torch.ones(1, 1, device='cuda')).sum().backward()\nopt.step()\nnet.weight.detach()",
     "tensor([[0.5]], cuda:0, float32)"),
    (NET + "opt = torch.optim.Adam(net.cuda().parameters())\n" + STEP +
     "{v.device.type for v in opt.state[net[0].weight].values()}", "{'cpu', 'cuda'}"),
    (NET + "s = torch.amp.GradScaler('cuda')\nopt = torch.optim.SGD(net.cuda().parameters(), 0.01)\n"
     "s.scale(net(torch.ones(1, 3, device='cuda')).sum()).backward()\ns.step(opt)\ns.update()\ns.get_scale()",
     "65536.0"),
    ("with torch.autocast('cuda'):\n    y = nn.Linear(2, 2).cuda()(torch.ones(1, 2, "
     "device='cuda'))\ny.dtype, y.device", "(torch.float16, device(cuda:0))"),
    ("with torch.autocast('cuda', dtype=torch.bfloat16):\n    y = nn.Linear(2, 2).cuda()(torch.ones(1, 2, "
     "device='cuda'))\n    z = y.softmax(-1), F.cross_entropy(y, torch.tensor([0], device='cuda')), y.sum()\n"
     "y.dtype, [t.dtype for t in z]", "(torch.bfloat16, [torch.float32, torch.float32, torch.float32])"),
    # copies and files
    ("copy.deepcopy(torch.ones(2, device='cuda'))", "tensor([1.0, 1.0], cuda:0, float32)"),
    (NET + "{p.device.type for p in copy.deepcopy(net.cuda()).parameters()}", "{'cuda'}"),
    (NET + "{v.device.type for v in net.cuda().state_dict().values()}", "{'cuda'}"),
    (NET + "other = copy.deepcopy(net).cuda()\nother.load_state_dict(net.state_dict())\nother[0].weight.device",
     "device(cuda:0)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(2, device='cuda'), f)\nf.seek(0)\ntorch.load(f)",
     "tensor([1.0, 1.0], cuda:0, float32)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(2, device='cuda'), f)\nf.seek(0)\ntorch.load(f, "
     "map_location='cpu')", "tensor([1.0, 1.0], cpu, float32)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(2), f)\nf.seek(0)\ntorch.load(f, "
     "map_location=torch.device('cuda'))", "tensor([1.0, 1.0], cuda:0, float32)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(2, device='cuda'), f)\nf.seek(0)\n"
     "torch.load(f, map_location=lambda storage, where: storage).device", "device(cpu)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(2), f)\nf.seek(0)\ntorch.load(f, map_location='cuda:1')",
     "RuntimeError: Attempting to deserialize object on CUDA device 1 but torch.cuda.device_count() is 1"),
    # streams, events, threads
    ("a, b = (torch.cuda.Event(enable_timing=True) for _ in "
     "range(2))\na.record()\nb.record()\ntorch.cuda.synchronize()\na.elapsed_time(b) >= 0", "True"),
    ("torch.cuda.current_stream() == torch.cuda.default_stream()", "True"),
    ("s = torch.cuda.Stream()\nwith torch.cuda.stream(s):\n    x = torch.cuda.current_stream() == s\n"
     "x, torch.cuda.current_stream() == s, s.device", "(True, False, device(cuda:0))"),
    ("torch.cuda.current_stream().is_capturing() if hasattr(torch.cuda.Stream, 'is_capturing') else False",
     "False"),
    ("seen = []\nt = threading.Thread(target=lambda: seen.append((torch.ones(1, device='cuda') + "
     "1).device))\nt.start()\nt.join()\nseen", "[device(cuda:0)]"),
    ("seen = []\ndef work():\n    try:\n        torch.ones(2, device='cuda') + torch.ones(2)\n    except "
     "RuntimeError as e:\n"
     "        seen.append(str(e)[:40])\nt = threading.Thread(target=work)\nt.start()\nt.join()\nseen",
     "['Expected all tensors to be on the same d']"),
]

TWO_GPUS = [
    ("torch.cuda.device_count(), torch.accelerator.device_count()", "(2, 2)"),
    ("torch.cuda.current_device()", "0"),
    ("torch.ones(1, device='cuda:1').device", "device(cuda:1)"),
    ("torch.ones(1, device='cuda:0').to('cuda:1')", "tensor([1.0], cuda:1, float32)"),
    ("torch.ones(1, device='cuda:2')", ORDINAL),
    ("torch.ones(1, device='cuda:0') + torch.ones(1, device='cuda:1')",
     TOGETHER + ", but found at least two devices, cuda:0 and cuda:1!"),
    ("torch.ones(1, device='cuda:1') + torch.ones(1, device='cuda:0')",
     TOGETHER + ", but found at least two devices, cuda:1 and cuda:0!"),
    ("with torch.cuda.device(1):\n    x = torch.ones(1, device='cuda').device, torch.cuda.current_device()\n"
     "x, torch.cuda.current_device()", "((device(cuda:1), 1), 0)"),
    ("torch.cuda.set_device(1)\nx = torch.ones(1).cuda().device\ntorch.cuda.set_device(0)\nx",
     "device(cuda:1)"),
    ("with torch.accelerator.device_index(1):\n    x = torch.accelerator.current_device_index(), "
     "torch.cuda.current_device()\nx", "(1, 1)"),
    ("repr(torch.ones(1, device='cuda:1'))", "\"tensor([1.], device='cuda:1')\""),
    ("nn.Linear(1, 1).to('cuda:1')(torch.ones(1, 1, device='cuda:0'))", TOGETHER),
    ("x = torch.ones(1, device='cuda:0', requires_grad=True)\n(x.to('cuda:1') * 2).sum().backward()\nx.grad",
     "tensor([2.0], cuda:0, float32)"),
    ("a, b = nn.Linear(1, 1).to('cuda:0'), nn.Linear(1, 1).to('cuda:1')\nopt = "
     "torch.optim.Adam([*a.parameters(), *b.parameters()])\nb(a(torch.ones(1, 1, "
     "device='cuda:0')).to('cuda:1')).sum().backward()\nopt.step()\n"
     "a.weight.grad.device, b.weight.grad.device, b.weight.device",
     "(device(cuda:0), device(cuda:1), device(cuda:1))"),
    ("a, b = nn.Linear(1, 1).to('cuda:0'), nn.Linear(1, 1).to('cuda:1')\nb(a(torch.ones(1, 1, "
     "device='cuda:0'))"
     ".to('cuda:1')).sum().backward()\nnn.utils.clip_grad_norm_([*a.parameters(), *b.parameters()], "
     "1.).device", "device(cuda:0)"),
    ("f = io.BytesIO()\ntorch.save(torch.ones(1, device='cuda:1'), f)\nf.seek(0)\n"
     "torch.load(f, map_location={'cuda:1': 'cuda:0'}).device", "device(cuda:0)"),
    ("torch.randn(1, device='cuda:1').get_device()", "1"),
    ("torch.arange(2., device='cuda:0')[torch.tensor([0], device='cuda:1')]",
     "RuntimeError: indices should be either on cpu or on the same device as the indexed tensor (cuda:0)"),
]


def known(snippet: str) -> bool:
    """Has this version of torch the functions of torch.accelerator that the snippet calls?"""
    return all(hasattr(torch.accelerator, name) for name in re.findall(r"torch\.accelerator\.(\w+)", snippet))


LINES = [(world, snippet, outcome)
         for world, lines in (("no-cuda", NO_CUDA), ("no-driver", UNDRIVEN), ("one-gpu", ONE_GPU), ("two-gpus", TWO_GPUS))
         for snippet, outcome in lines if known(snippet)]
