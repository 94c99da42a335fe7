"""U-Net: an encoder-decoder whose decoder is handed the encoder's features of each size.

Source: Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015,
with padded convolutions, so that the scores have the image's size, and with batch norm, which the paper did not know
yet. Owns the layers and nothing of training or of files.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from segstudio_training.networks.segnet import convolution_block

STAGE_FACTORS = (1, 2, 4, 8, 16)
"""Channels of each encoder stage over the width; 64 is the paper's width."""

DROPOUT_STAGES = (3, 4)
"""Stages that carry dropout: the end of the contracting path, as in the paper (counted from 0)."""


class UNet(nn.Module):
    """The paper's network, padded and with batch norm.

    Args:
        num_classes: number of classes, at least 1.
        width: channels of the first stage; 64 is the paper's network, smaller ones scale every stage.
        dropout: probability of dropping a feature at the end of the encoder.
        channels: channels of the input image.
    """

    def __init__(self, num_classes: int, width: int = 64, dropout: float = 0.0, channels: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.dropout = dropout
        stages = [width * factor for factor in STAGE_FACTORS]
        self.encoder = nn.ModuleList(
            nn.Sequential(*convolution_block(before, after), *convolution_block(after, after))
            for before, after in pairwise([channels, *stages])
        )
        # Position s holds what leads from stage s + 1 up to stage s.
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(below, here, kernel_size=2, stride=2) for here, below in pairwise(stages)
        )
        self.decoder = nn.ModuleList(
            nn.Sequential(*convolution_block(2 * here, here), *convolution_block(here, here)) for here in stages[:-1]
        )
        self.classifier = nn.Conv2d(width, num_classes, kernel_size=1)
        self._initialise()

    def _initialise(self) -> None:
        """As SegNet: He et al. 2015 before each ReLU, scores of unit size at first."""
        for module in (*self.encoder.modules(), *self.decoder.modules()):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        nn.init.kaiming_normal_(self.classifier.weight, nonlinearity="linear")
        nn.init.zeros_(self.classifier.bias)  # type: ignore[arg-type]  # the classifier has a bias

    def forward(self, image: Tensor) -> Tensor:
        """Class scores before softmax.

        Args:
            image: (N, channels, H, W) float, H and W at least 32; they need not be multiples of 16.

        Returns:
            (N, num_classes, H, W) float.
        """
        kept: list[Tensor] = []
        features = image
        for stage, layers in enumerate(self.encoder):
            if stage:
                kept.append(features)
                features = functional.max_pool2d(features, 2, 2)
            features = layers(features)
            if stage in DROPOUT_STAGES and self.dropout:
                features = functional.dropout(features, self.dropout, self.training)
        for stage in reversed(range(len(self.decoder))):
            features = _padded(self.enlarge[stage](features), kept[stage])
            features = self.decoder[stage](torch.cat([kept[stage], features], dim=1))
        return self.classifier(features)


def _padded(features: Tensor, like: Tensor) -> Tensor:
    """`features` with the last row and column repeated where `like` has one more: an odd side loses one by pooling."""
    missing = [like.shape[axis] - features.shape[axis] for axis in (3, 2)]
    return functional.pad(features, (0, missing[0], 0, missing[1]), mode="replicate") if any(missing) else features
