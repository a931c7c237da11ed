"""Who judges and decides here: the name that thresholds and verdicts are kept with."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import plain, say

#: Characters of a name; what is beyond them is cut.
LONGEST_NAME = 60


def author() -> str:
    """The name of whoever looks: the one typed in this session, else the one that the server was started with."""
    return state.author() or workbench().settings.author


def author_menu() -> None:
    """Says under which name this session decides, and lets it be changed."""
    popover = st.popover(
        say(N_("You are {name}"), name=author()),
        type="tertiary",
        icon=":material/person:",
        key="author",
        help=say(N_("The name that your thresholds and verdicts are kept with.")),
    )
    with popover:
        st.text_input(
            say(N_("Your name")),
            author(),
            LONGEST_NAME,
            key="author_name",
            on_change=_rename,
            help=say(
                N_("Kept until this browser tab is closed or loaded anew. Leave it empty to be {name}."), name=workbench().settings.author
            ),
            placeholder=plain(N_("name")),
        )


def _rename() -> None:
    state.be(" ".join(str(state.typed("author_name") or "").split()))
