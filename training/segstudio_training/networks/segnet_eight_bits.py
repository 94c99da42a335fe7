"""SegNet for prediction in 8-bit integers: about as faithful to float32 as bfloat16 is, and twice as fast.

The first stage, whose activations all else hangs on, is computed in a floating type; and so is what each pooling
chooses from: among 256 values neighbours are often equal, and unpooling would put the values into the wrong place.

An image whose activations do not fit the ranges is done in the floating type altogether, so that a network whose batch
norms are wrong about it is no worse off.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segstudio_training.eight_bits import (
    TOP,
    EightBitConvolution,
    FoldedConvolution,
    folded,
    is_cut_off,
    to_eight_bits,
)
from segstudio_training.networks.segnet import SegNet
from segstudio_training.networks.switches import Switches, pooled, unpooled


class EightBitSegNet(nn.Module):
    """A trained SegNet whose convolutions but the first stage's multiply 8-bit integers; scores without gradients.

    Args:
        network: what to take the weights from; it is not changed.
        dtype: float32 or bfloat16: of images, of the first stage, and of what is pooled.
        floating: `network` made ready to predict in `dtype`, for images that do not fit; None: `network` as it is.
    """

    def __init__(self, network: SegNet, dtype: torch.dtype, floating: nn.Module | None = None) -> None:
        super().__init__()
        self._floating = floating if floating is not None else network
        ranges: Tensor | None = None
        stages: list[nn.Sequential] = []
        depth = len(network.encoder)
        for number, layers in enumerate([*network.encoder, *reversed(network.decoder)]):
            modules = list(layers.children())
            parts: list[nn.Module] = []
            for place in range(0, len(modules), 3):  # convolution, batch norm, ReLU
                convolution, ranges = folded(modules[place], modules[place + 1], ranges)
                if not number:
                    # What leaves the first convolution is 0 to 255 as well, which no floating type minds.
                    parts += [_floating(convolution, dtype), nn.ReLU(inplace=True)]
                    continue
                is_pooled = number < depth and place + 3 == len(modules)
                parts.append(EightBitConvolution(convolution, dtype if is_pooled else torch.uint8))
            stages.append(nn.Sequential(*parts))
        self.encoder = nn.ModuleList(stages[:depth])
        self.decoder = nn.ModuleList(stages[depth:])
        self.classifier = EightBitConvolution(_classifier(network.classifier, ranges), torch.float32, rectified=False)

    def forward(self, image: Tensor) -> Tensor:
        """Class scores, (N, num_classes, H, W) float32, of (N, channels, H, W) images as `SegNet` takes them."""
        features = image
        switches: list[Switches] = []
        for layers in self.encoder:
            features, where = pooled(layers(features))
            if is_cut_off(features):
                return self._floating(image).float()
            features = to_eight_bits(features)
            switches.append(where)
        for layers in self.decoder:
            features = layers(unpooled(features, switches.pop()))
        return self.classifier(features)


def _floating(convolution: FoldedConvolution, dtype: torch.dtype) -> nn.Conv2d:
    height, width = convolution.weight.shape[2:]
    layer = nn.Conv2d(
        convolution.weight.shape[1], convolution.weight.shape[0], (height, width), padding=(height // 2, width // 2)
    )
    layer.weight = nn.Parameter(convolution.weight, requires_grad=False)
    layer.bias = nn.Parameter(convolution.bias, requires_grad=False)
    return layer.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]


@torch.no_grad()
def _classifier(layer: nn.Conv2d, before: Tensor | None) -> FoldedConvolution:
    """The last layer, which takes 0 to 255 and gives scores as they are."""
    assert before is not None and layer.bias is not None  # every SegNet has stages, and its classifier a bias
    weight = layer.weight * (before / TOP)[None, :, None, None]
    return FoldedConvolution(weight.detach(), layer.bias.detach())
