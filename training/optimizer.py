"""Muon for matrices and convolutions, Adam for the rest, on float32 masters of a bfloat16 model."""

import torch
from torch import nn

from . import parallel

# Coefficients of the quintic iteration in Jordan 2024, "Muon: an optimizer for hidden layers".
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonalized(matrices: torch.Tensor) -> torch.Tensor:
    """Return the nearest semi-orthogonal matrices, roughly: (n, rows, columns) in and out."""
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = A * x + (B * square + C * square @ square) @ x
    return (x.mT if tall else x).float()


class Optimizer:
    """Updates a model in place from its gradients, averaged over the processes.

    Convolutions and matrices between hidden layers take Muon's step with the root-mean-square of
    Adam's (Liu 2025, "Muon is scalable for LLM training": 0.2 sqrt(max(rows, columns))), everything
    else Adam's. `ema` holds the averaged weights.
    Each process orthogonalizes a share of the matrices.
    """

    def __init__(
        self,
        model: nn.Module,
        adam_only: tuple[str, ...],
        ema_decay: float,
        weight_decay: float = 0.01,
    ) -> None:
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.names = [name for name, _ in named]
        self.working = [p for _, p in named]
        self.masters = [p.detach().float().clone() for p in self.working]
        self.ema = [m.clone() for m in self.masters]
        self.first = [torch.zeros_like(m) for m in self.masters]
        self.is_matrix = [
            p.ndim >= 2
            and min(p.shape[0], p[0].numel()) > 8
            and not any(word in name for word in adam_only)
            for name, p in named
        ]
        self.second = [
            None if matrix else torch.zeros_like(m)
            for m, matrix in zip(self.masters, self.is_matrix, strict=True)
        ]
        self.ema_decay, self.weight_decay, self.steps = ema_decay, weight_decay, 0
        self.owners = self._share_out()

    def _share_out(self) -> dict[int, int]:
        """Return which process orthogonalizes which matrix; all have about as much to do."""
        load = [0.0] * parallel.size()
        owners = {}
        matrices = [i for i, matrix in enumerate(self.is_matrix) if matrix]
        costs = {
            i: self.masters[i].numel() * min(self.masters[i].shape[0], self.masters[i][0].numel())
            for i in matrices
        }
        for i in sorted(matrices, key=lambda i: -costs[i]):
            config = load.index(min(load))
            owners[i] = config
            load[config] += costs[i]
        return owners

    def step(self, lr: float) -> float:
        """Take one step, put the new weights into the model, return the gradient's norm."""
        given = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.working]
        flat = torch.cat([gradient.float().ravel() for gradient in given])
        parallel.total(flat).div_(parallel.size())
        norm = float(flat.norm())
        flat.mul_(min(1.0, 1.0 / (norm + 1e-6)))
        parts = flat.split([master.numel() for master in self.masters])
        gradients = [g.view_as(m) for g, m in zip(parts, self.masters, strict=True)]
        self.steps += 1
        with torch.no_grad():
            self._step_adam(gradients, lr)
            self._step_muon(gradients, lr)
            decay = min(self.ema_decay, (1 + self.steps) / (10 + self.steps))
            torch._foreach_lerp_(self.ema, self.masters, 1 - decay)
            for p, master in zip(self.working, self.masters, strict=True):
                p.copy_(master)
                p.grad = None
        return norm

    def _step_adam(self, gradients: list[torch.Tensor], lr: float) -> None:
        """Adam without weight decay; betas 0.9 and 0.99."""
        chosen = [i for i, matrix in enumerate(self.is_matrix) if not matrix]
        for i in chosen:
            self.first[i].lerp_(gradients[i], 0.1)
            self.second[i].lerp_(gradients[i].square(), 0.01)
            a, b = 1 - 0.9**self.steps, 1 - 0.99**self.steps
            self.masters[i].add_(
                (self.first[i] / a) / ((self.second[i] / b).sqrt() + 1e-8), alpha=-lr
            )

    def _step_muon(self, gradients: list[torch.Tensor], lr: float) -> None:
        """Muon with Nesterov momentum 0.95; matrices of one shape go through together."""
        sizes = [self.masters[i].numel() for i in self.owners]
        updates = torch.zeros(sum(sizes), device=self.masters[0].device)
        slots = dict(zip(self.owners, updates.split(sizes), strict=True))
        mine: dict[torch.Size, list[int]] = {}
        for i, config in self.owners.items():
            self.first[i].lerp_(gradients[i], 0.05)
            if config == parallel.rank():
                mine.setdefault(self.masters[i].flatten(1).shape, []).append(i)
        for shape, group in mine.items():
            nesterov = [gradients[i].lerp(self.first[i], 0.95).flatten(1) for i in group]
            for i, update in zip(group, orthogonalized(torch.stack(nesterov)), strict=True):
                slots[i].copy_(update.ravel() * 0.2 * max(shape) ** 0.5)
        parallel.total(updates)
        for i in self.owners:
            self.masters[i].mul_(1 - lr * self.weight_decay)
            self.masters[i].add_(slots[i].view_as(self.masters[i]), alpha=-lr)

    def averaged(self) -> dict[str, torch.Tensor]:
        """Return the averaged weights by name, float32."""
        return dict(zip(self.names, self.ema, strict=True))

    def state(self) -> dict:
        """Return everything needed to go on, for `torch.save`."""
        return {
            "names": self.names,
            "masters": self.masters,
            "ema": self.ema,
            "first": self.first,
            "second": self.second,
            "steps": self.steps,
        }

    def restore(self, state: dict) -> None:
        """Take up a saved state; parameters are matched by name, new ones start fresh."""
        places = {name: k for k, name in enumerate(state["names"])}
        for i, name in enumerate(self.names):
            if (k := places.get(name)) is None:
                continue
            for key in ("masters", "ema", "first", "second"):
                if state[key][k] is not None and getattr(self, key)[i] is not None:
                    getattr(self, key)[i].copy_(state[key][k])
            self.working[i].data.copy_(self.masters[i])
        self.steps = state["steps"]
