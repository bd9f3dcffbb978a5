"""Contrastive training of the token table: InfoNCE with in-batch negatives, steps on the rows a batch touches.

Gradients are written out: they need two sparse products and seven dense ones a step, and nothing is kept
that a step does not touch, which makes a step several times faster than through automatic differentiation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedup.train.batches import Batch

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from dedup.train.run import TrainSettings
    from dedup.train.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]
LOWEST_TEMPERATURE = 0.02
"""Cosines over it stay below 50, so that no maximum need be taken off before the exponential."""
_STATE = ("vectors", "squares", "touched")


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A sparse sum of rows and its transpose: output i adds the inputs of bag i."""

    inputs: torch.Tensor
    starts: torch.Tensor
    outputs: torch.Tensor
    input_starts: torch.Tensor

    @classmethod
    def of(cls, inputs: Ints, starts: Ints, n_inputs: int, device: str) -> Sum:
        """`inputs[starts[i]:starts[i + 1]]` are added to output i; every input occurs at least once."""
        import torch

        lengths = np.diff(starts, append=len(inputs))
        order = np.argsort(inputs, kind="stable")
        counts = np.bincount(inputs, minlength=n_inputs)
        outputs = np.repeat(np.arange(len(starts)), lengths)[order]
        arrays = inputs, starts, outputs, np.cumsum(counts) - counts
        return cls(*(torch.from_numpy(array).to(device) for array in arrays))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.nn.functional.embedding_bag(self.inputs, rows, self.starts, mode="sum")

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.nn.functional.embedding_bag(self.outputs, gradient, self.input_starts, mode="sum")


class Table:
    """Atom vectors; a token's vector is the sum of its atoms' vectors.

    As in fastText (Bojanowski et al., 2017) a known word is its own vector plus those of its pieces; here the
    sum folds into one row a token when training ends (`fold`). A row keeps one running mean of its squared
    gradient (Adam's second moment, one number a row) and how often it was touched. Words that are not `kept` are
    their pieces alone.

    Parameters
    ----------
    vocabulary : Vocabulary
        What each token is made of.
    dimensions : int
        Columns of the table.
    spread : float
        Standard deviation of the pieces' first vectors; words start as the sum of their pieces.
    """

    def __init__(
        self, vocabulary: Vocabulary, dimensions: int, *, spread: float, seed: int, device: str = "cpu"
    ) -> None:
        import torch

        self.composition, self.own, self.device = vocabulary.composition, vocabulary.own, device
        self.short = short_floats(device)
        generator = torch.Generator().manual_seed(seed)
        vectors = torch.zeros(vocabulary.atoms, dimensions)
        pieces = torch.from_numpy(np.flatnonzero(self.own == 0))
        vectors[pieces] = torch.randn(len(pieces), dimensions, generator=generator) * spread
        self.vectors = vectors.to(device)
        self.squares = torch.zeros(vocabulary.atoms, device=device)
        self.touched = torch.zeros(vocabulary.atoms, device=device)
        self.kept = np.ones(vocabulary.tokens, np.bool_)

    def fold(self, *, own: bool = True) -> npt.NDArray[np.float32]:
        """One row a token, without the own atoms of words not kept, or of any: shape (tokens, dimensions), float32."""
        import torch

        ids, counts = self.composition.ids.astype(np.int64), self.composition.lengths()
        ids, counts = _without_own(ids, counts, np.where(self.kept, 0, self.own) if own else self.own)
        starts = torch.from_numpy(np.cumsum(counts) - counts).to(self.device)
        rows = torch.nn.functional.embedding_bag(
            torch.from_numpy(ids).to(self.device), self.vectors, starts, mode="sum"
        )
        return np.asarray(rows.cpu().numpy(), np.float32)

    def settle(self, kept: npt.NDArray[np.bool_], directions: npt.NDArray[np.float32]) -> None:
        """Keep these words and directions, of shape (d, dimensions): what is left learns to do without the rest."""
        import torch

        self.kept = kept
        self.vectors = self.vectors @ torch.from_numpy(directions).to(self.device)

    def save(self, path: Path, step: int) -> None:
        """A checkpoint, written beside and renamed into place."""
        import torch
        from safetensors.torch import save_file

        partial = path.with_suffix(".partial")
        state = {name: getattr(self, name) for name in _STATE} | {"kept": torch.from_numpy(self.kept)}
        save_file(state, partial, metadata={"step": str(step)})
        partial.replace(path)

    def restore(self, path: Path) -> int:
        """Take up a checkpoint, if there is one; the number of steps it has behind it."""
        from safetensors import safe_open

        if not path.exists():
            return 0
        with safe_open(path, framework="pt", device=self.device) as file:
            self.vectors, self.squares, self.touched = (file.get_tensor(name) for name in _STATE)
            self.kept = file.get_tensor("kept").cpu().numpy()
            return int(file.metadata()["step"])


def train_step(table: Table, batch: Batch, *, step: int, rate: float, settings: TrainSettings) -> float:
    """One step on the atoms of a batch; returns the loss."""
    import torch

    rng = np.random.default_rng((settings.seed, step, 1))
    tokens, places = _compact(batch.ids, len(table.own))
    atom_ids, counts = _atoms(table, tokens, settings.word_dropout, rng)
    atoms, atom_places = _compact(atom_ids, len(table.touched))
    compose = Sum.of(atom_places, np.cumsum(counts) - counts, len(atoms), table.device)
    pool = Sum.of(places, batch.starts, len(tokens), table.device)
    rows = torch.from_numpy(atoms).to(table.device)
    with torch.no_grad():
        vectors = table.vectors.index_select(0, rows)
        bags = pool.forward(compose.forward(vectors).to(table.short)).float()
        loss, gradient = contrastive_loss(bags, batch.keys, batch.temperature, short=table.short)
        gradient = compose.backward(pool.backward(gradient.to(table.short)).float())
        _descend(table, rows, vectors, gradient, rate)
    return loss


def _compact(ids: Ints, n: int) -> tuple[Ints, Ints]:
    """The distinct ids in order, and each id's place among them (in linear time)."""
    marks = np.zeros(n, np.int64)
    marks[ids] = 1
    distinct = np.flatnonzero(marks)
    marks[distinct] = np.arange(len(distinct))
    return distinct, marks[ids]


def _atoms(table: Table, tokens: Ints, dropout: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Atoms of the tokens; some words are left to their pieces alone, as an unknown word will be."""
    ids, counts = table.composition.gather(tokens)
    dropped = (rng.random(len(tokens)) < dropout) | ~table.kept[tokens]
    return _without_own(ids, counts, np.where(dropped, table.own[tokens], 0))


def _without_own(ids: Ints, counts: Ints, own: Ints) -> tuple[Ints, Ints]:
    """Leave out the first `own[i]` of the `counts[i]` atoms of token i."""
    index = np.arange(len(ids)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ids[index >= np.repeat(own, counts)], counts - own


def short_floats(device: str) -> torch.dtype:
    """What bags are summed and multiplied in: bfloat16 where the machine has instructions for it.

    On one core a product takes 5 ms instead of 11, a sum of bags 2 instead of 6.
    """
    import torch

    native = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def contrastive_loss(
    bags: torch.Tensor, keys: Ints, temperature: float, *, short: torch.dtype
) -> tuple[float, torch.Tensor]:
    """InfoNCE in both directions and its gradient at the bags (left bags first, then right ones).

    Pairs with the same key are left out of each other's negatives. Matrices are multiplied in `short`.
    """
    import torch

    n = len(keys)
    norms = bags.norm(dim=1, keepdim=True).clamp_min(1e-6)
    unit = bags / norms
    left, right = unit[:n], unit[n:]
    scaled = left / temperature
    positive = (scaled * right).sum(1)
    left, right, scaled = left.to(short), right.to(short), scaled.to(short)
    weights = (scaled @ right.T).float().exp_()
    same_left, same_right = (torch.from_numpy(a).to(bags.device) for a in _same_keys(keys))
    weights[same_left, same_right] = 0
    forward, backward = weights.sum(1), weights.sum(0)
    loss = ((forward.log() + backward.log()) / 2 - positive).mean()
    weights.mul_((0.5 / forward)[:, None] + (0.5 / backward)[None, :])
    weights.diagonal().sub_(1)
    weights = weights.to(short)
    gradient = torch.cat([weights @ right, weights.T @ left]).float()
    gradient -= unit * (unit * gradient).sum(1, keepdim=True)
    return float(loss), gradient.div_(norms * (n * temperature))


def _same_keys(keys: Ints) -> tuple[Ints, Ints]:
    """Positions (i, j), i != j, of equal keys."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    left, right = [], []
    for gap in range(1, len(keys)):
        equal = np.flatnonzero(ordered[gap:] == ordered[:-gap])
        if not len(equal):
            break
        left.append(order[equal])
        right.append(order[equal + gap])
    if not left:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    one, two = np.concatenate(left), np.concatenate(right)
    return np.r_[one, two], np.r_[two, one]


def _descend(table: Table, rows: torch.Tensor, vectors: torch.Tensor, gradient: torch.Tensor, rate: float) -> None:
    """Step against the gradient over the root of its row's running mean square; other rows stand still."""
    touched = table.touched.index_select(0, rows) + 1
    squares = table.squares.index_select(0, rows)
    squares += (gradient.norm(dim=1).square() / gradient.shape[1] - squares) / touched.clamp_max(1000)
    table.touched.index_copy_(0, rows, touched)
    table.squares.index_copy_(0, rows, squares)
    vectors -= gradient.mul_((rate / (squares.sqrt() + 1e-12))[:, None])
    table.vectors.index_copy_(0, rows, vectors)
