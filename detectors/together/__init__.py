"""Several detectors as one: what they see, how their scores are made comparable, how they are joined and kept."""
