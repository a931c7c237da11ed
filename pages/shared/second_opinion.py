"""A second opinion on why a row got its score, folded beside the first, and a sentence where the two disagree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.errors import AnomalystError
from detectors.explanations.local_surrogate import Surrogate
from detectors.messages import N_
from pages.shared.engine import workbench
from pages.shared.language import say, say_message
from pages.shared.look import palette, show_chart

#: A local model that follows the score worse than this says little of it.
FOLLOWS = 0.5

#: From values of units, (units,), to names of what they stand for and their values.
Named = Callable[[NDArray[np.float64]], tuple[list[str], NDArray[np.float64]]]

ABOUT = N_(
    "LIME fits a linear model to the scores of {hidings} variants of this row, parts of them hidden behind the same background; "
    "R² {fit} says how well it follows them."
)
POORLY = N_("That is poor here: the score bends too much for a linear model, so rely on SHAP.")


@st.cache_data(show_spinner=False, max_entries=500)
def _second_opinion(run_id: str, data_id: str, row: int) -> Surrogate:
    return workbench().second_opinion(run_id, data_id, row)


def second_opinion(place: Any, of: tuple[str, str, int], values: NDArray[np.float64], named: Named) -> None:
    """Shows LIME's opinion in `place` beside the SHAP `values`, (units,), of a run's row: `of` run, data set and row."""
    with place:
        try:
            with st.spinner(say(N_("Asking for a second opinion …"))):
                found = _second_opinion(*of)
        except AnomalystError as error:
            st.caption(say_message(error.message))
            return
        names, shap, lime = side_by_side(named, values, found.values)
        if not names:
            return
        first, other = names[int(shap.argmax())], names[int(lime.argmax())]
        if first != other:
            _disagreement(first, other, found.fit)
        agrees, differs = N_("Second opinion (LIME): {name} weighs most as well"), N_("Second opinion (LIME): {name} weighs most")
        with st.expander(say(agrees if first == other else differs, name=other), icon=":material/balance:", key="second_opinion"):
            show_chart(charts.two_opinions(names, shap, lime, palette()), key="two_opinions")
            told = say(ABOUT, hidings=found.hidings, fit=round(found.fit, 3))
            st.caption(told if found.fit >= FOLLOWS else f"{told} {say(POORLY)}")


def side_by_side(
    named: Named, shap: NDArray[np.float64], lime: NDArray[np.float64]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Names, and what each weighs by the one and by the other, in the order of the first."""
    names, first = named(shap)
    other = dict(zip(*named(lime), strict=True))
    return names, np.asarray(first), np.array([other[name] for name in names])


def _disagreement(first: str, other: str, fit: float) -> None:
    told = N_(
        "The two explanations disagree on what weighs most: SHAP names {first}, LIME {other}. Look at both before you rely on either."
    )
    poor = N_("The two explanations disagree on what weighs most: SHAP names {first}, LIME {other}, which follows the score poorly here.")
    st.warning(say(told if fit >= FOLLOWS else poor, first=first, other=other), icon=":material/call_split:")
