"""DeepLabV3 on MobileNetV3-Large: one image is looked at in several widths of view at once.

Source: Chen, Papandreou, Schroff, Adam, "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017; the
layers are torchvision's.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large

from segstudio_training.networks.first_layer import take_channels


class DeepLabV3(nn.Module):
    """torchvision's network with its `classifier` as the last layer.

    Args:
        num_classes: number of classes, at least 1.
        dropout: probability of dropping a feature behind the pyramid (torchvision's own is 0.5).
        channels: channels of the input image.
    """

    imagenet_encoder = "mobilenet_v3_large"

    def __init__(self, num_classes: int, dropout: float = 0.0, channels: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        made = deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=num_classes)
        self.encoder = made.backbone
        take_channels(self.encoder, channels)
        pyramid, *between, classifier = made.classifier
        _free_pooling_of_norm(pyramid.convs[-1])
        pyramid.project[-1].p = dropout
        self.pyramid = pyramid
        self.smooth = nn.Sequential(*between)
        self.classifier = classifier
        # As SegNet's: scores of unit size at first.
        nn.init.kaiming_normal_(self.classifier.weight, nonlinearity="linear")
        nn.init.zeros_(self.classifier.bias)

    def forward(self, image: Tensor) -> Tensor:
        """Class scores before softmax: (N, num_classes, H, W) of (N, channels, H, W) floats, H and W at least 32."""
        scores = self.classifier(self.smooth(self.pyramid(self.encoder(image)["out"])))
        return functional.interpolate(scores, image.shape[-2:], mode="bilinear", align_corners=False)


def _free_pooling_of_norm(pooling: nn.Sequential) -> None:
    """A bias instead of batch norm behind the pooling over the whole image.

    There is one value a channel and image to take statistics of: none at all with a batch of one, which torch refuses,
    and too few with the small batches of a short round. Detectron2's DeepLab does without as well.
    """
    convolution = pooling[1]
    assert isinstance(convolution, nn.Conv2d)
    pooling[1] = nn.Conv2d(convolution.in_channels, convolution.out_channels, kernel_size=1)
    pooling[2] = nn.Identity()
