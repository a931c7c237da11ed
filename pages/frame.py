"""The frame of every page: navigation, what is being looked at, and the page itself. The script that app.py serves."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from pages.shared import state
from pages.shared.context import context_bar
from pages.shared.engine import workbench
from pages.shared.keeping import undo_bar
from pages.shared.language import plain, say
from pages.shared.problems import shown_problems

PAGES = (
    ("home.py", "", N_("Home"), ":material/home:", N_("Start here: your data sets, recent runs and samples to try.")),
    ("data.py", "data", N_("Data"), ":material/table:", N_("Upload a file, see what is in it, and say what each column is for.")),
    ("train.py", "train", N_("Train"), ":material/model_training:", N_("Choose a detector, train it and watch it learn.")),
    ("threshold.py", "threshold", N_("Threshold"), ":material/tune:", N_("Decide where unusual begins, and download the flagged rows.")),
    ("explain.py", "explain", N_("Explain"), ":material/lightbulb:", N_("See why a row was flagged.")),
    (
        "compare.py",
        "compare",
        N_("Compare"),
        ":material/compare_arrows:",
        N_("Put runs side by side: where they agree, what only one flags."),
    ),
    ("score.py", "score", N_("Score"), ":material/fact_check:", N_("Let a saved detector look at new data.")),
    ("watch.py", "watch", N_("Watch"), ":material/visibility:", N_("Let new files of a folder be scored, and be told what matters.")),
    ("library.py", "library", N_("Library"), ":material/inventory_2:", N_("Find, rename and tidy up what you keep.")),
)

st.set_page_config(page_title="Anomalyst", page_icon="assets/brand/icon.svg", layout="wide")
st.logo("assets/brand/logo.svg", size="medium")
navigation = st.navigation(
    [
        st.Page(file, url_path=path, title=plain(title), icon=icon, help=say(help_text), default=path == "")
        for file, path, title, icon, help_text in PAGES
    ],
    position="top",
)

try:
    with shown_problems():
        state.follow_url()
        state.arrive(navigation.title)
        context_bar()
        undo_bar()
        navigation.run()
finally:
    workbench().start()  # after the page, which need not wait for it
