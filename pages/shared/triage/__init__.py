"""Going through items and judging them, by keys: the same list for rows, events, pictures and texts."""
