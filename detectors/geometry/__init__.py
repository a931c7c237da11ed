"""What detectors on vectors share: nearest rows, and learned arrays kept in a file. Nothing here is a detector."""
