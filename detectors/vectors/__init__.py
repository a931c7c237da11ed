"""Detectors on vectors: rows × numbers."""
