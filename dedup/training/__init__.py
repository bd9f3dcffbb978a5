"""The bundled model's training: translation pairs in, a sentence-transformers model directory out.

    corpus → vocabulary → optimise (batches) → postprocess → export

What a step leaves behind lies in a work folder, so that a run that was stopped goes on where it was.
"""

from dedup.training.settings import Stage, TrainSettings
from dedup.training.train import train_encoder

__all__ = ["Stage", "TrainSettings", "train_encoder"]
