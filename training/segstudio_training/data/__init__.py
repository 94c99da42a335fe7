"""What the training loop is fed with: teaching images, their augmentation, and batches made ahead."""
