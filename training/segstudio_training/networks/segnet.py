"""SegNet: an encoder-decoder whose decoder unpools with the encoder's max-pooling indices.

Source: Badrinarayanan, Kendall, Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image
Segmentation", IEEE TPAMI 39(12), 2017; dropout as in Kendall et al., "Bayesian SegNet", BMVC 2017. Owns the layers
and nothing of training or of files.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

STAGE_CONVOLUTIONS = (2, 2, 3, 3, 3)
"""Convolutions in each encoder stage: the 13 of VGG16."""

STAGE_CHANNELS = (64, 128, 256, 512, 512)
"""Output channels of each encoder stage at width 64, the paper's."""

DROPOUT_STAGES = (2, 3, 4)
"""Stages that carry dropout: the central ones, where Bayesian SegNet found it to work best (counted from 0)."""


def stage_channels(width: int) -> tuple[int, ...]:
    """Output channels of the five encoder stages at `width` (64 gives the paper's)."""
    return tuple(max(1, channels * width // 64) for channels in STAGE_CHANNELS)


def convolution_block(channels_in: int, channels_out: int) -> list[nn.Module]:
    """Convolution 3×3, batch norm, ReLU.

    The convolution has no bias: the batch norm behind it has one, and two cannot be told apart.
    """
    return [
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    ]


class SegNet(nn.Module):
    """The paper's network.

    Args:
        num_classes: number of classes, at least 1.
        width: channels of the first stage; 64 is the paper's network, smaller ones scale every stage.
        dropout: probability of dropping a feature in the central stages (0 in the paper, 0.5 in Bayesian SegNet).
        channels: channels of the input image.
    """

    imagenet_encoder = "vgg16_bn"

    def __init__(self, num_classes: int, width: int = 64, dropout: float = 0.0, channels: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.dropout = dropout
        stages = stage_channels(width)
        encoder: list[nn.Module] = []
        decoder: list[nn.Module] = []
        before = channels
        for count, after in zip(STAGE_CONVOLUTIONS, stages, strict=True):
            layers: list[nn.Module] = []
            layers += convolution_block(before, after)
            for _ in range(count - 1):
                layers += convolution_block(after, after)
            encoder.append(nn.Sequential(*layers))
            # The decoder mirrors the encoder; its last convolution returns to what the stage above carries.
            inner = stages[0] if len(encoder) == 1 else before
            layers = []
            for _ in range(count - 1):
                layers += convolution_block(after, after)
            layers += convolution_block(after, inner)
            decoder.append(nn.Sequential(*layers))
            before = after
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        self.classifier = nn.Conv2d(stages[0], num_classes, kernel_size=1)
        self._initialise()

    def _initialise(self) -> None:
        """He et al. 2015, as the paper does, for every convolution that a ReLU follows; scores of unit size at first.

        AdamW moves a weight by about the learning rate a step whatever the gradient, so a classifier that starts near
        zero would spend the first hundreds of steps of a short round on growing.
        """
        for module in (*self.encoder.modules(), *self.decoder.modules()):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        nn.init.kaiming_normal_(self.classifier.weight, nonlinearity="linear")
        nn.init.zeros_(self.classifier.bias)  # type: ignore[arg-type]  # the classifier has a bias

    def forward(self, image: Tensor) -> Tensor:
        """Class scores before softmax.

        Args:
            image: (N, channels, H, W) float, H and W at least 32; they need not be multiples of 32.

        Returns:
            (N, num_classes, H, W) float.
        """
        indices: list[Tensor] = []
        sizes: list[list[int]] = []
        features = image
        for stage, layers in enumerate(self.encoder):
            features = layers(features)
            sizes.append(list(features.shape[-2:]))
            features, index = functional.max_pool2d(features, 2, 2, return_indices=True)
            indices.append(index)
            if stage in DROPOUT_STAGES and self.dropout:
                features = functional.dropout(features, self.dropout, self.training)
        for stage in reversed(range(len(self.decoder))):
            features = functional.max_unpool2d(features, indices[stage], [2, 2], [2, 2], output_size=sizes[stage])
            features = self.decoder[stage](features)
            if stage in DROPOUT_STAGES and self.dropout:
                features = functional.dropout(features, self.dropout, self.training)
        return self.classifier(features)
