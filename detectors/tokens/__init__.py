"""Detectors on tokens: rows × ids of words in their order, 0 after the last word."""
