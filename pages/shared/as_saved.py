"""The threshold that scored data begin with, told by the rule that once gave it."""

from __future__ import annotations

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.runs.new_data import OfFile
from detectors.storage.records import ThresholdRecord
from detectors.thresholds import RULES
from pages.shared.engine import workbench
from pages.shared.language import plain


def as_saved(threshold: ThresholdRecord) -> str:
    """Where a threshold is that of the saved detector which scored the data, so: by which rule on its training scores. Else empty."""
    if threshold.rule != "manual":
        return ""
    try:
        found = OfFile.of(workbench().run_folder(threshold.run_id))
    except StorageError:
        return ""
    if found is None or not found.is_that_of(threshold):
        return ""
    rule = RULES.get(found.kept.rule)
    if rule is None or found.kept.rule == "manual":
        return plain(N_("as in {detector}, set by hand there"), detector=found.called)
    value = int(found.kept.value) if float(found.kept.value).is_integer() else found.kept.value
    more = {name: number for name, number in found.kept.more.items() if name in rule.fields}
    named = f"{plain(rule.title)} · {plain(rule.label, value=value, **more)}"
    return plain(N_("as in {detector}: {rule} of its training scores"), detector=found.called, rule=named)
