"""What detectors share: nearest rows, learned arrays kept in a file, and what describes a window. Nothing here is a detector."""
