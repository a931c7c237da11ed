"""Detectors on windows: rows × steps × columns."""
