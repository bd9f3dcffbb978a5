"""Contrastive training of the token table: InfoNCE with in-batch negatives, steps on the rows a batch touches.

Gradients are written out: they need two sparse products and seven dense ones a step, and nothing is kept
that a step does not touch, which makes a step several times faster than through automatic differentiation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedup.training.batches import Batch, runs, seeded

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from dedup.training.build_vocabulary import Vocabulary
    from dedup.training.settings import TrainSettings

_STATE = ("vectors", "squares", "touched", "kept")


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """Sparse sum of rows: output i is the sum of the inputs `inputs[starts[i]:starts[i + 1]]`, of `n_inputs`."""

    inputs: torch.Tensor
    starts: torch.Tensor
    n_inputs: int

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.nn.functional.embedding_bag(self.inputs, rows, self.starts, mode="sum")

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        """Transposed sum, for gradients: on one core five times faster written out, on a GPU left to torch."""
        import torch

        if gradient.is_cuda:
            rows = gradient.new_zeros(self.n_inputs, gradient.shape[1]).requires_grad_()
            with torch.enable_grad():
                sums = self.forward(rows)
            return torch.autograd.grad(sums, rows, gradient)[0]
        order = torch.argsort(self.inputs, stable=True)
        counts = torch.bincount(self.inputs, minlength=self.n_inputs)
        lengths = torch.diff(self.starts, append=self.starts.new_tensor([len(self.inputs)]))
        outputs = torch.repeat_interleave(lengths)[order]
        return torch.nn.functional.embedding_bag(outputs, gradient, counts.cumsum(0) - counts, mode="sum")


class Table:
    """Table of atom vectors; a token's vector is the sum of its atoms' vectors.

    As in fastText (Bojanowski et al., 2017) a known word is its own vector plus those of its pieces; here the
    sum folds into one row a token when training ends (`fold`). A row keeps one running mean of its squared
    gradient (Adam's second moment, one number a row) and how often it was touched. Words that are not `kept` are
    their pieces alone.

    Parameters
    ----------
    vocabulary : Vocabulary
        Composition of each token.
    dimensions : int
        Columns of the table.
    spread : float
        Standard deviation of the pieces' first vectors; words start as the sum of their pieces.
    """

    def __init__(
        self, vocabulary: Vocabulary, dimensions: int, *, spread: float, seed: int, device: str = "cpu"
    ) -> None:
        import torch

        self.device, self.short = device, short_floats(device)
        self.own = torch.from_numpy(vocabulary.own).to(device)
        self.atoms = torch.from_numpy(vocabulary.composition.ids).to(device)
        self.offsets = torch.from_numpy(vocabulary.composition.offsets).to(device)
        generator = torch.Generator().manual_seed(seed)
        vectors = torch.zeros(vocabulary.atoms, dimensions)
        pieces = torch.from_numpy(np.flatnonzero(vocabulary.own == 0))
        vectors[pieces] = torch.randn(len(pieces), dimensions, generator=generator) * spread
        self.vectors = vectors.to(device)
        self.squares = torch.zeros(vocabulary.atoms, device=device)
        self.touched = torch.zeros(vocabulary.atoms, device=device)
        self.kept = torch.ones(vocabulary.tokens, dtype=torch.bool, device=device)

    def fold(self, *, own: bool = True) -> npt.NDArray[np.float32]:
        """Sum atoms into one row a token, float32, without own atoms of words not kept, or of all if `own` is False."""
        import torch

        tokens = torch.arange(len(self.own), device=self.device)
        ids, counts = self.atoms_of(tokens, bare=~self.kept if own else torch.ones_like(self.kept))
        starts = counts.cumsum(0) - counts
        rows = torch.nn.functional.embedding_bag(ids, self.vectors, starts, mode="sum")
        return np.asarray(rows.cpu().numpy(), np.float32)

    def atoms_of(self, tokens: torch.Tensor, *, bare: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Atoms of the tokens, concatenated, without the own atoms of `bare` tokens; and the number of each."""
        own = self.own[tokens] * bare
        starts = self.offsets[tokens] + own
        counts = self.offsets[tokens + 1] - starts
        return self.atoms[runs(starts, counts)].long(), counts

    def settle(self, kept: npt.NDArray[np.bool_], directions: npt.NDArray[np.float32]) -> None:
        """Reduce the table to these words and directions, of shape (d, dimensions); training goes on with these."""
        import torch

        self.kept = torch.from_numpy(kept).to(self.device)
        self.vectors = self.vectors @ torch.from_numpy(directions).to(self.device)

    def save(self, path: Path, step: int) -> None:
        """Write a checkpoint to a temporary name and rename it into place."""
        from safetensors.torch import save_file

        partial = path.with_suffix(".partial")
        save_file({name: getattr(self, name) for name in _STATE}, partial, metadata={"step": str(step)})
        partial.replace(path)

    def restore(self, path: Path) -> int:
        """Load a checkpoint, if there is one; returns the number of steps done."""
        from safetensors import safe_open

        if not path.exists():
            return 0
        with safe_open(path, framework="pt", device=self.device) as file:
            self.vectors, self.squares, self.touched, self.kept = (file.get_tensor(name) for name in _STATE)
            return int(file.metadata()["step"])


def train_step(table: Table, batch: Batch, *, step: int, rate: float, settings: TrainSettings) -> torch.Tensor:
    """Take one step on the atoms of a batch; returns the loss."""
    import torch

    generator = seeded(table.device, np.random.default_rng((settings.seed, step, 1)))
    tokens, places = _compact(batch.ids, len(table.own))
    bare = torch.rand(len(tokens), device=table.device, generator=generator) < settings.word_dropout
    atom_ids, counts = table.atoms_of(tokens, bare=bare | ~table.kept[tokens])
    atoms, atom_places = _compact(atom_ids, len(table.touched))
    compose = Sum(atom_places, counts.cumsum(0) - counts, len(atoms))
    pool = Sum(places, batch.starts, len(tokens))
    with torch.no_grad():
        vectors = table.vectors.index_select(0, atoms)
        bags = pool.forward(compose.forward(vectors.to(table.short))).float()
        loss, gradient = contrastive_loss(bags, batch.keys, batch.temperature, short=table.short)
        gradient = compose.backward(pool.backward(gradient.to(table.short))).float()
        _descend(table, atoms, vectors, gradient, rate)
    return loss


def _compact(ids: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Sorted unique ids, and the index of each id among them (in linear time)."""
    import torch

    marks = torch.zeros(n, dtype=torch.int64, device=ids.device)
    marks[ids] = 1
    distinct = marks.nonzero()[:, 0]
    marks[distinct] = torch.arange(len(distinct), device=ids.device)
    return distinct, marks[ids]


def short_floats(device: str) -> torch.dtype:
    """Number type in which bags are summed and multiplied: bfloat16 where the machine has instructions for it.

    On one core a product takes 5 ms instead of 11, a sum of bags 2 instead of 6.
    """
    import torch

    native = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def contrastive_loss(
    bags: torch.Tensor, keys: torch.Tensor, temperature: float, *, short: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """InfoNCE loss in both directions, and its gradient at the bags (left bags first, then right ones).

    Pairs with the same key are left out of each other's negatives. The matrix of all pairs is held in `short`; the
    terms of the pairs themselves are kept out of the sums of negatives, so that rounding does not hide them.
    """
    import torch

    n = len(keys)
    norms = bags.norm(dim=1, keepdim=True).clamp_min(1e-6)
    unit = bags / norms
    left, right = unit[:n], unit[n:]
    scaled = left / temperature
    positive = (scaled * right).sum(1).exp()
    left, right, scaled = left.to(short), right.to(short), scaled.to(short)
    weights = (scaled @ right.T).exp_()
    weights[_equal_pairs(keys)] = 0
    weights.diagonal().zero_()
    ones = weights.new_ones(n, 1)
    forward, backward = (weights @ ones)[:, 0].float(), (weights.T @ ones)[:, 0].float()
    loss = ((forward / positive).log1p() + (backward / positive).log1p()).mean() / 2
    ahead, back = 0.5 / (positive + forward), 0.5 / (positive + backward)
    weights *= ahead[:, None].to(short) + back.to(short)
    weights.diagonal().copy_(-forward * ahead - backward * back)
    gradient = torch.cat([weights @ right, weights.T @ left]).float()
    gradient -= unit * (unit * gradient).sum(1, keepdim=True)
    return loss, gradient.div_(norms * (n * temperature))


def _equal_pairs(keys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions of equal keys, as ordered pairs of two different positions."""
    import torch

    order = torch.argsort(keys, stable=True)
    rows, columns = [order[:0]], [order[:0]]
    for apart in range(1, len(keys)):
        equal = keys[order[apart:]] == keys[order[:-apart]]
        if not equal.any():
            break
        rows += [order[apart:][equal], order[:-apart][equal]]
        columns += [order[:-apart][equal], order[apart:][equal]]
    return torch.cat(rows), torch.cat(columns)


def _descend(table: Table, rows: torch.Tensor, vectors: torch.Tensor, gradient: torch.Tensor, rate: float) -> None:
    """Step against the gradient, divided by the root of its row's running mean square; other rows do not change."""
    touched = table.touched.index_select(0, rows) + 1
    squares = table.squares.index_select(0, rows)
    squares += (gradient.norm(dim=1).square() / gradient.shape[1] - squares) / touched.clamp_max(1000)
    table.touched.index_copy_(0, rows, touched)
    table.squares.index_copy_(0, rows, squares)
    vectors.addcmul_(gradient, (rate / (squares.sqrt() + 1e-12))[:, None], value=-1)
    table.vectors.index_copy_(0, rows, vectors)
