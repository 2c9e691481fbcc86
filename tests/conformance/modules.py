
"""Modules, losses and optimisers that must work on a simulated GPU: expressions that make one, with its
inputs."""

X34 = "torch.randn(3, 4)"
IMAGE = "torch.randn(2, 2, 8, 8)"
STEPS = "torch.randn(5, 2, 3)"
CLASSES = "torch.tensor([0, 2, 1])"
SIGNS = "torch.tensor([1, -1, 1])"

MODULES = [
    ("nn.Linear(4, 2)", X34), ("nn.Bilinear(4, 4, 2)", X34, X34),
    ("nn.Conv1d(2, 3, 3)", "torch.randn(2, 2, 8)"), ("nn.Conv2d(2, 3, 3, padding='same')", IMAGE),
    ("nn.Conv3d(1, 1, 2)", "torch.randn(1, 1, 4, 4, 4)"), ("nn.ConvTranspose2d(2, 3, 3)", IMAGE),
    ("nn.BatchNorm1d(4)", X34), ("nn.BatchNorm2d(2)", IMAGE), ("nn.LayerNorm(4)", X34),
    ("nn.RMSNorm(4)", X34), ("nn.GroupNorm(2, 4)", X34), ("nn.InstanceNorm2d(2, affine=True)", IMAGE),
    ("nn.MaxPool2d(2)", IMAGE), ("nn.AvgPool2d(2)", IMAGE), ("nn.AdaptiveAvgPool2d(1)", IMAGE),
    ("nn.ReLU()", X34), ("nn.PReLU()", X34), ("nn.GELU()", X34), ("nn.ELU()", X34), ("nn.SELU()", X34),
    ("nn.Softmax(-1)", X34), ("nn.LogSoftmax(-1)", X34), ("nn.GLU()", X34), ("nn.Softplus()", X34),
    ("nn.Mish()", X34), ("nn.RNN(3, 4, 2, bidirectional=True)", STEPS), ("nn.LSTM(3, 4, 2)", STEPS),
    ("nn.GRU(3, 4, batch_first=True)", STEPS), ("nn.RNNCell(4, 4)", X34), ("nn.LSTMCell(4, 4)", X34),
    ("nn.GRUCell(4, 4)", X34), ("nn.Embedding(5, 3, padding_idx=0)", CLASSES),
    ("nn.EmbeddingBag(5, 3)", f"{CLASSES}[None]"),
    ("nn.MultiheadAttention(4, 2)", *["torch.randn(3, 1, 4)"] * 3),
    ("nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)", "torch.randn(3, 1, 4)"),
    ("nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0)", *["torch.randn(3, 1, 4)"] * 2),
    ("nn.Flatten()", IMAGE), ("nn.Upsample(scale_factor=2, mode='bilinear')", IMAGE), ("nn.Unfold(2)", IMAGE),
    ("nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))", X34),
    ("nn.utils.parametrizations.spectral_norm(nn.Linear(4, 2))", X34),
    ("nn.L1Loss()", X34, X34), ("nn.MSELoss()", X34, X34), ("nn.HuberLoss()", X34, X34),
    ("nn.SmoothL1Loss()", X34, X34),
    ("nn.CrossEntropyLoss(weight=torch.ones(4), label_smoothing=0.1)", X34, CLASSES),
    ("nn.NLLLoss()", X34, CLASSES),
    ("nn.BCELoss()", "torch.rand(3)", "torch.rand(3)"),
    ("nn.KLDivLoss(reduction='sum')", f"{X34}.log_softmax(-1)", f"{X34}.softmax(-1)"),
    ("nn.BCEWithLogitsLoss(pos_weight=torch.ones(4))", X34, "torch.rand(3, 4)"),
    ("nn.PoissonNLLLoss()", X34, X34),
    ("nn.CosineEmbeddingLoss()", X34, X34, SIGNS), ("nn.TripletMarginLoss()", X34, X34, X34),
    ("nn.MarginRankingLoss()", "torch.randn(3)", "torch.randn(3)", SIGNS),
    ("nn.MultiMarginLoss()", X34, CLASSES),
    ("nn.CTCLoss()", "torch.randn(5, 1, 4).log_softmax(-1)", "torch.tensor([[1, 2]])", "torch.tensor([5])",
     "torch.tensor([2])"),
]
OPTIMISERS = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop", "Rprop",
              "ASGD", "LBFGS"]
