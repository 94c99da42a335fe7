"""LR-ASPP on MobileNetV3-Large: small and quick, made for telephones.

Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 6.4; the layers are torchvision's. Its two
classifiers, whose scores are added, are here one over both inputs put together: the same function.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from segstudio_training.networks.first_layer import take_channels

LOW_CHANNELS, HIGH_CHANNELS = 40, 128
"""Channels of the features at 1/8 of the image's size and of the reduced ones at 1/16."""


class LRASPP(nn.Module):
    """torchvision's network with one `classifier` as its last layer.

    Args:
        num_classes: number of classes, at least 1.
        channels: channels of the input image.
    """

    imagenet_encoder = "mobilenet_v3_large"

    def __init__(self, num_classes: int, channels: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        made = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1)
        self.encoder = made.backbone
        take_channels(self.encoder, channels)
        self.reduce = made.classifier.cbr
        self.attend = made.classifier.scale
        self.classifier = nn.Conv2d(LOW_CHANNELS + HIGH_CHANNELS, num_classes, kernel_size=1)
        # As SegNet's: scores of unit size at first.
        nn.init.kaiming_normal_(self.classifier.weight, nonlinearity="linear")
        nn.init.zeros_(self.classifier.bias)  # type: ignore[arg-type]  # the classifier has a bias

    def forward(self, image: Tensor) -> Tensor:
        """Class scores before softmax: (N, num_classes, H, W) of (N, channels, H, W) floats, H and W at least 32."""
        features = self.encoder(image)
        low, high = features["low"], features["high"]
        high = self.reduce(high) * self.attend(high)
        high = functional.interpolate(high, low.shape[-2:], mode="bilinear", align_corners=False)
        scores = self.classifier(torch.cat([low, high], dim=1))
        return functional.interpolate(scores, image.shape[-2:], mode="bilinear", align_corners=False)
