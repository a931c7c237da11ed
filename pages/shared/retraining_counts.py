"""What retraining would learn from, in one line."""

from __future__ import annotations

from detectors.messages import N_
from detectors.runs.relearning import Counts
from pages.shared.language import say


def counts_text(counts: Counts, items: str, *, with_flagged: bool, supervised: bool) -> str:
    """How many rows are which."""
    parts = [say(N_("{old} old {items} + {new} new ones"), old=counts.old, new=counts.new, items=items)]
    if supervised:
        told = N_("{anomalies} judged an anomaly and {normal} judged normal are labels")
        parts += [say(told, anomalies=counts.anomalies, normal=counts.normal)]
        return ", ".join(parts) + "."
    if counts.anomalies:
        parts.append(say(N_("{count} judged an anomaly left out"), count=counts.anomalies))
    if counts.normal:
        parts.append(say(N_("{count} judged normal kept"), count=counts.normal))
    if counts.unjudged:
        told = N_("{count} flagged without a verdict learned from") if with_flagged else N_("{count} flagged without a verdict left out")
        parts.append(say(told, count=counts.unjudged))
    return ", ".join(parts) + ": " + say(N_("**{learned}** {items} are learned from."), learned=counts.learned, items=items)
