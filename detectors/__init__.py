"""The engine: detectors and the steps of the work around them. Usable from a script, a notebook or a cron job."""
