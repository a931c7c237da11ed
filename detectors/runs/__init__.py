"""A run: what was asked, the folder it happens in, the queue it waits in, and doing it."""
