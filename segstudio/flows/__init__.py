"""Flows: each connects services with the window's parts for one job. None imports another; the window joins them."""
