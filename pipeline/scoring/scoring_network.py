"""The small network that turns a mask's features into the probability that the mask is right.

Right means that its IoU with a true chromosome is at least 0.5. It is fitted on slides with truth, and calibrated on
others (see `calibration`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .features import FEATURE_NAMES

HIDDEN = 16
STEPS = 1500
DECAY = 3e-3


class ScoringNetwork(nn.Module):
    """Features (N, 18), float32, to the probability that a mask is right, (N,)."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(len(FEATURE_NAMES)))
        self.register_buffer("high", torch.ones(len(FEATURE_NAMES)))
        # named as in the weights file
        self.judge = nn.Sequential(nn.Linear(len(FEATURE_NAMES), HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))

    def forward(self, rows: Tensor) -> Tensor:
        """Features beyond what the fit saw count as its extremes."""
        scaled = (rows.clamp(self.low, self.high) - self.low) / (self.high - self.low).clamp(min=1e-6)
        return self.judge(2 * scaled - 1).squeeze(1).sigmoid()

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Ask the network for arrays: features, float32 (N, 18), to probabilities, float64 (N,)."""
        with torch.inference_mode():
            return self(torch.from_numpy(rows)).numpy().astype(float)


def fit_scoring_network(rows: NDArray[np.float32], right: NDArray[np.bool_], seed: int = 0) -> ScoringNetwork:
    """Fit the network on masks whose truth is known.

    Parameters
    ----------
    rows
        Features, float32, shape (N, 18).
    right
        Whether each mask is right, bool, shape (N,).
    seed
        Of the network's first weights.

    Raises
    ------
    ValueError
        Where no mask is right or none is wrong.
    """
    if right.all() or not right.any():
        raise ValueError("the scorer needs right and wrong masks to learn from")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ScoringNetwork()
    network.low.copy_(torch.from_numpy(np.quantile(rows, 0.005, axis=0)))
    network.high.copy_(torch.from_numpy(np.quantile(rows, 0.995, axis=0)))
    inputs, targets = torch.from_numpy(rows), torch.from_numpy(right.astype(np.float32))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        loss = nn.functional.binary_cross_entropy(network(inputs), targets)
        loss = loss + DECAY * sum((layer.square().sum() for layer in network.parameters()), torch.zeros(())) / 10
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()
