"""Turns an upload into our own checksummed Parquet, a report and a profile; pictures into an array file beside them.

Files come from strangers, so they are opened only in a limited process of its own (`worker`); what a caller imports
from here is light and never parses an upload.
"""

from detectors.reading.fetching import check_url
from detectors.reading.misread import Misread
from detectors.reading.options import ReadingOptions
from detectors.reading.preview import Preview
from detectors.reading.process import USUAL_LIMITS, Limits, Watch, limits_for
from detectors.reading.progress import ReadingProgress
from detectors.reading.report import Report, load_report
from detectors.reading.samples import Sample, load_samples, make_sample
from detectors.reading.upload import Doubted, fetch_file, preview_file, read_file

__all__ = [
    "USUAL_LIMITS", "Doubted", "Limits", "Misread", "Preview", "ReadingOptions", "ReadingProgress", "Report", "Sample", "Watch", "check_url", "fetch_file",
    "limits_for", "load_report", "load_samples", "make_sample", "preview_file", "read_file",
]  # fmt: skip
