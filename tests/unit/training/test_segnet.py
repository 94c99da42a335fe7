"""SegNet is the paper's network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from segstudio_training.networks.segnet import SegNet, stage_channels


def test_the_paper_s_encoder_is_vgg16_s_thirteen_convolutions() -> None:
    with torch.device("meta"):
        network = SegNet(11, width=64)
    shapes = [(m.in_channels, m.out_channels) for m in network.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert shapes == [
        (3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256),
        (256, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 512),
    ]  # fmt: skip
    decoder = [(m.in_channels, m.out_channels) for m in network.decoder.modules() if isinstance(m, nn.Conv2d)]
    assert len(decoder) == 13
    assert decoder[0] == (64, 64)
    # 29.4 million weights: the paper's table 6 gives 29.45M.
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(29.45e6, rel=0.01)


def test_width_scales_every_stage() -> None:
    assert stage_channels(16) == (16, 32, 64, 128, 128)


def test_unpooling_puts_values_where_pooling_took_them() -> None:
    # One bright pixel: what the decoder's last stage sees is non-zero only at positions that were maxima.
    network = SegNet(2, width=4).eval()
    seen: list[torch.Tensor] = []
    network.decoder[0].register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        network(torch.randn(1, 3, 32, 32))
    blocks = seen[0].unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
    assert int((blocks != 0).sum(-1).max()) <= 1


def test_dropout_drops_only_while_teaching() -> None:
    network = SegNet(2, width=4, dropout=0.5)
    image = torch.randn(1, 3, 64, 64)
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))
