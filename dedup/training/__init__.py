"""Translation pairs in, a sentence-transformers model directory out: how the bundled model is made.

    corpus → vocabulary → optimise (batches) → postprocess → export

Each step leaves its result in a work folder, and a run that was stopped goes on from there. Cost: hours, and
torch (extra ``train``); nothing that scans imports this package.
"""

from dedup.training.settings import Stage, TrainSettings
from dedup.training.train import train_encoder

__all__ = ["Stage", "TrainSettings", "train_encoder"]
