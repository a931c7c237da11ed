"""What is to be known of the times where one series goes on from another: gaps between them, and steps that lie inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectors.frames import load_frame
from detectors.joining.parts import Columns
from detectors.messages import N_, Message
from detectors.timeline import GAP, timeline

GAP_BETWEEN = N_("Between `{before}` and `{name}` {steps} steps are missing.")
BEFORE_END = N_("{count} steps of `{name}` lie before the end of what came before: they are sorted in by their time.")


def of_time(folder: Path, columns: Columns, names: Sequence[str], counts: Sequence[int]) -> list[Message]:
    """What an analyst should know of the times of the series in `folder`, whose parts, called `names`, have so many rows each."""
    of_role = {role: name for name, role in columns.roles.items() if role in ("time", "entity") and name in columns.schema.names}
    if "time" not in of_role:
        return []
    entity = of_role.get("entity")
    found = timeline(load_frame(folder, list(of_role.values())), of_role["time"], entity)
    assert found.seconds is not None
    part = np.repeat(np.arange(len(counts)), counts)[found.order]
    notes = []
    for number in range(1, len(names)):
        inside, missing = 0, 0.0
        for first, stop in zip(found.bounds[:-1], found.bounds[1:], strict=True):
            times, of_part = found.seconds[first:stop], part[first:stop]
            before, own = times[of_part < number], times[of_part == number]
            if not len(before) or not len(own):
                continue
            inside += int((own < before[-1]).sum())
            missing = max(missing, (own[0] - before[-1]) / found.usual_step - 1)
        if missing > GAP - 1:
            notes.append(Message(GAP_BETWEEN, {"before": names[number - 1], "name": names[number], "steps": round(missing)}))
        if inside:
            notes.append(Message(BEFORE_END, {"count": inside, "name": names[number]}))
    return notes
