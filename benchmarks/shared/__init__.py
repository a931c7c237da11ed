"""What several benchmarks use: a workspace with finished runs in it, a stopwatch in the browser, a table of figures."""
