"""A folder that is watched: each new file is scored once, and what matters is told to somebody, however often that takes."""
