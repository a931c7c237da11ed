"""Detectors on pixels: rows × height × width × channels, 0 to 1."""
