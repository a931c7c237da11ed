"""The distribution of the scores with a cut-off that a hand can move; told to Python once, when the hand lets go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from detectors.charts import DARK, LIGHT
from detectors.distribution import Distribution, Mark, Tick
from detectors.messages import N_, Translate
from detectors.thresholds import RULES, Considered

_FOLDER = Path(__file__).parent

#: The two colours that carry meaning, for light and for dark grounds: those of every other chart.
COLOURS = {
    "normal": {"light": LIGHT.normal, "dark": DARK.normal},
    "flagged": {"light": LIGHT.flagged, "dark": DARK.flagged},
}

#: Every sentence and word in the plot. Names in braces are filled in by the plot as the hand moves.
TEXTS: Mapping[str, str] = {
    "readout": N_("{flagged} flagged · {share} %"),
    "spoken": N_("Cut-off {cut_off}, {flagged} rows flagged, {share} %"),
    "cut_off": N_("Cut-off"),
    "below": N_("normal"),
    "above": N_("flagged"),
    "rows_log": N_("rows (log)"),
    "score_linear": N_("{score}"),
    "score_log": N_("{score} (log)"),
    "score_log_offset": N_("{score} (log, from the lowest score)"),
    "axis": N_("Score axis"),
    "linear": N_("linear"),
    "logarithmic": N_("log"),
    "labelled_anomalies": N_("labelled anomalies"),
    "precision": N_("Precision"),
    "recall": N_("Recall"),
    "f1": N_("F1"),
    "chance": N_("chance"),
    "bar": N_("{from} – {to}: {rows} rows"),
    "rules": N_("What each rule would flag"),
    "rule": N_("rule"),
    "rule_cut_off": N_("cut-off"),
    "flagged": N_("flagged"),
    "without": N_("Rules that can't be used here: {rules}"),
    "take_rule": N_("{rule}: cut-off {cut_off}, {flagged} rows flagged"),
    "sure": N_("{solid} solid, {borderline} borderline"),
    "alt": N_("How many of {rows} rows have each {score}, with the cut-off above which rows are flagged."),
}


@dataclass(frozen=True)
class Sureness:
    """What is known of the flags at a cut-off beside their count."""

    band: tuple[float, float] | None = None
    """Two scores between which a band is drawn; None where there is nothing to draw."""
    name: str = N_("borderline")
    """What the band is: where flags are borderline, or where the cut-offs of segments lie."""
    solid: int | None = None
    borderline: int | None = None


def _read(*names: str) -> str:
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


_COMPONENT = st.components.v2.component(
    "threshold_plot", html=_read("plot.html"), css=_read("plot.css"), js=_read("scales.js", "rules.js", "drawing.js", "plot.js")
)


def threshold_plot(
    distribution: Distribution,
    *,
    current: Mark,
    ticks: Sequence[Tick],
    without: Sequence[Considered] = (),
    score_name: str,
    key: str,
    translate: Translate = str,
    on_cut_off: Callable[[float], None] | None = None,
    on_rule: Callable[[str], None] | None = None,
    sure: Sureness | None = None,
) -> float | None:
    """Shows the distribution with the cut-off `current`; gives a cut-off only in the run that follows a hand's release.

    Args:
        distribution: of the scores of one run; the plot redraws when it changes.
        current: the cut-off in force. A changed one moves the line unless a hand holds it.
        ticks: rules marked under the axis and listed beside the plot, each can be taken with a click.
        without: rules that these scores do not allow, with their reasons.
        score_name: what the score is, translated; the title of the score axis.
        key: of the element, also its ``.st-key-`` class.
        translate: from a template to its sentence in the reader's language.
        on_cut_off: told the new cut-off before the script runs again.
        on_rule: told the name of the rule whose tick was taken, before the script runs again.
        sure: how sure the flags are at `current`, where that is known; shown while the line stands there.
    """
    result = _COMPONENT(
        key=key,
        data=plot_data(distribution, current, ticks, without, translate)
        | {
            "heard": _heard(key),
            "score_name": score_name,
            "sure": None if sure is None else {**asdict(sure), "name": translate(sure.name)},
        },
        on_cut_off_change=_listener(key, "cut_off", on_cut_off),
        on_rule_change=_listener(key, "rule", on_rule),
    )
    return result.cut_off


def plot_data(
    distribution: Distribution, current: Mark, ticks: Sequence[Tick], without: Sequence[Considered] = (), translate: Translate = str
) -> dict[str, Any]:
    """What the browser is sent: under 50 kB however many rows there are, for it is sent again on every rerun."""
    return {
        "distribution": distribution.to_json(),
        "current": current.to_json(),
        "ticks": [_shown(tick, translate) for tick in ticks],
        "without": _reasons(without, translate),
        "colours": COLOURS,
        "texts": {name: translate(template) for name, template in TEXTS.items()},
    }


def _reasons(without: Sequence[Considered], translate: Translate) -> list[dict[str, Any]]:
    """The rules that can't be used, those with the same reason together."""
    titles: dict[str, list[str]] = {}
    for one in without:
        if one.why_not is not None:
            titles.setdefault(one.why_not.text(translate), []).append(translate(RULES[one.rule].title))
    return [{"titles": found, "why": why} for why, found in titles.items()]


def _heard(key: str) -> float | str | None:
    """What the plot told in the message that this run answers; by it the plot knows that `current` is the answer."""
    told = st.session_state.get(key) or {}
    cut_off = told.get("cut_off")
    return told.get("rule") if cut_off is None else cut_off


def _shown(tick: Tick, translate: Translate) -> dict[str, Any]:
    threshold = tick.threshold
    return {
        "rule": threshold.rule,
        "title": translate(RULES[threshold.rule].title),
        "label": threshold.label().text(translate),
        "setting": threshold.setting().text(translate),
        "mark": tick.mark.to_json(),
    }


def _listener(key: str, name: str, listener: Callable[[Any], None] | None) -> Callable[[], None]:
    def told() -> None:
        # Gone where the hand let go and went to another page in the same moment.
        value = (st.session_state.get(key) or {}).get(name)
        if listener is not None and value is not None:
            listener(value)

    return told
