"""Drawing probabilities to an image's edges: checked against least squares, place by place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from segstudio_training.edges import EPSILON, _coefficients, _mean_around, along_edges


def _random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def _probabilities(height: int, width: int, classes: int = 3) -> torch.Tensor:
    return torch.from_numpy(4 * _random(classes, height, width, seed=1)).softmax(dim=0)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_coefficients_are_those_of_least_squares(channels: int) -> None:
    """Ridge regression in each window (He et al. 2013, equation 19), solved with numpy, then the window's mean."""
    radius, size = 2, 9
    guide, values = _random(channels, size, size), _probabilities(size, size)
    found = _coefficients(values, torch.from_numpy(guide), radius).numpy()
    padded = [
        np.pad(part, [(0, 0), (radius,) * 2, (radius,) * 2], mode="symmetric") for part in (guide, values.numpy())
    ]
    expected = np.empty_like(found)
    for row in range(size):
        for column in range(size):
            window = slice(row, row + 2 * radius + 1), slice(column, column + 2 * radius + 1)
            inputs, targets = (part[:, window[0], window[1]].reshape(len(part), -1) for part in padded)
            centred = inputs - inputs.mean(axis=1, keepdims=True)
            gram = centred @ centred.T / inputs.shape[1] + EPSILON * np.eye(channels)
            factors = np.linalg.solve(gram, centred @ targets.T / inputs.shape[1])
            expected[:-1, :, row, column] = factors
            expected[-1, :, row, column] = targets.mean(axis=1) - factors.T @ inputs.mean(axis=1)
    smoothed = _mean_around(torch.from_numpy(expected), radius).numpy()
    np.testing.assert_allclose(found, smoothed, atol=2e-4)


def test_the_classes_still_add_up_to_one() -> None:
    found = along_edges(_probabilities(24, 32), _random(96, 128, 3), 32)
    assert found.shape == (3, 96, 128)
    np.testing.assert_allclose(found.sum(dim=0).numpy(), 1, atol=1e-5)


def test_without_edges_the_probabilities_are_averaged_twice_and_enlarged() -> None:
    values = _probabilities(40, 57)
    flat = np.full((40, 57, 3), 0.7, np.float32)
    radius = 2
    twice = _mean_around(_mean_around(values, radius), radius)
    np.testing.assert_allclose(along_edges(values, flat, 57).numpy(), twice.numpy(), atol=1e-4)


def test_what_is_linear_in_the_image_comes_back_sharp() -> None:
    """A probability that the image explains is what the image makes of it, however coarsely it was given."""
    guide = np.repeat(np.repeat(_random(32, 48, 1), 2, axis=0), 2, axis=1) * 4 - 2
    whole = torch.from_numpy(0.5 + 0.2 * guide[..., 0])[None]
    coarse = torch.nn.functional.avg_pool2d(whole, 2)
    found = along_edges(torch.cat([coarse, 1 - coarse]), guide, 48)
    np.testing.assert_allclose(found[0].numpy(), whole[0].numpy(), atol=0.01)


def test_an_image_of_many_channels_guides_by_their_mean() -> None:
    values, guide = _probabilities(20, 30), _random(40, 60, 7)
    found = along_edges(values, guide, 30)
    assert torch.equal(found, along_edges(values, guide.mean(axis=2, keepdims=True), 30))


def test_a_large_working_size_finds_its_coefficients_on_a_coarser_grid() -> None:
    """The result is about the same, for a quarter of the work."""
    guide = _random(8, 10, 3, seed=3).repeat(64, axis=0).repeat(64, axis=1) * 4 - 2
    values = _probabilities(8, 10).repeat_interleave(64, dim=1).repeat_interleave(64, dim=2)
    fine, coarse = along_edges(values, guide, 128), along_edges(values, guide, 640)
    assert (fine.argmax(dim=0) == coarse.argmax(dim=0)).float().mean() > 0.97


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2)])
def test_an_image_smaller_than_the_window(size: tuple[int, int]) -> None:
    found = along_edges(_probabilities(*size), _random(*size, 3), 512)
    assert found.shape == (3, *size) and torch.isfinite(found).all()
