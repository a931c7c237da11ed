"""How something that went wrong is shown: the engine's sentence, or a number that leads to the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from detectors.child import log_with_number
from detectors.errors import AnomalystError
from detectors.messages import N_
from pages.shared.language import say, say_message

logger = logging.getLogger("anomalyst.pages")


@contextmanager
def shown_problems() -> Iterator[None]:
    """Shows an error of the engine as its sentence; anything unforeseen as a number, with its traceback in the log."""
    try:
        yield
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
    except Exception:
        number = log_with_number(logger, "while showing a page")
        st.error(unforeseen(number), icon=":material/bug_report:")


def unforeseen(number: str) -> str:
    return say(
        N_("Something unforeseen went wrong, and nothing was lost. The log in the workspace has the details under number {number}."),
        number=number,
    )
