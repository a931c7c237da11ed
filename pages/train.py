"""Train: choose a detector, train it, watch it learn, stop it; and the list of runs."""

from __future__ import annotations

import zlib
from typing import Any

import streamlit as st

from detectors import registry
from detectors.base import Detector
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.preparation import Preparation, find_preparation
from detectors.profile import ColumnProfile
from detectors.runs.request import FitWhere, RunRequest
from detectors.storage.records import DataSetRecord
from pages.shared import engine, state
from pages.shared.as_command import run_as_command
from pages.shared.empty import need_data
from pages.shared.engine import workbench
from pages.shared.estimate import with_estimate
from pages.shared.form import changed_settings, parameter_form
from pages.shared.keeping import shown_refusal
from pages.shared.language import escape, plain, say
from pages.shared.learning_card import learn_on_train
from pages.shared.look import page_head
from pages.shared.run_list import run_list
from pages.shared.running import running_run
from pages.shared.search_form import search_form
from pages.shared.search_panel import searches
from pages.shared.starting import Start, can_start, start_from, taken_over
from pages.shared.views import view_of

#: A column with more values than this is no choice of rows to learn from.
MOST_VALUES = 50

#: Of more detectors than this, one family can be picked.
MOST_UNSORTED = 8

#: Pixels that more cards than these may take: two rows, and the beginning of a third that says that there is more.
SHELF_HEIGHT = 460


def detector_cards(detectors: list[type[Detector]]) -> type[Detector]:
    """The detectors as cards, with what speaks for and against the chosen one below; gives the chosen one."""
    first = next((detector for detector in detectors if not detector.supervised), detectors[0])
    name = state.chosen_detector(first.name())
    chosen = next((detector for detector in detectors if detector.name() == name), first)
    shown = of_family(detectors)
    # Many cards scroll by themselves: what is asked of the chosen one stays in sight.
    shelf = st.container(height=SHELF_HEIGHT if len(shown) > MOST_UNSORTED else "content", border=False, key="detector_shelf")
    with shelf, st.grid(min(4, max(2, len(detectors)))):
        for detector in shown:
            detector_card(detector, is_chosen=detector is chosen)
    with st.container(key="about_detector"):
        st.markdown(f"**{say(chosen.title)}** · " + say(N_("When: {when}"), when=plain(chosen.when)))
        st.caption(say(N_("Not when: {when}"), when=plain(chosen.when_not)) + "  \n" + escape(chosen.reference))
    return chosen


def of_family(detectors: list[type[Detector]]) -> list[type[Detector]]:
    """Those of the family that is picked; all of them where they are few."""
    families = list(dict.fromkeys(detector.family for detector in detectors))
    if len(detectors) <= MOST_UNSORTED:
        return detectors
    picked = st.pills(say(N_("Family")), families, format_func=say, key="family", label_visibility="collapsed")
    return [detector for detector in detectors if picked in (None, detector.family)]


def detector_card(detector: type[Detector], *, is_chosen: bool) -> None:
    with st.container(border=True, height="stretch", key=f"card_{detector.name()}"):
        needs_labels = f" :blue-badge[{say(N_('with labels'))}]" if detector.supervised else ""
        st.markdown(f"**{say(detector.title)}** :gray-badge[{say(detector.family)}]{needs_labels}")
        st.caption(say(detector.summary))
        st.space("stretch")
        st.button(
            say(N_("Chosen")) if is_chosen else say(N_("Choose")),
            key=f"choose_{detector.name()}",
            disabled=is_chosen,
            icon=":material/check:" if is_chosen else None,
            on_click=state.choose_detector,
            args=(detector.name(),),
        )


def preset_choice(detector: type[Detector]) -> tuple[str, dict[str, Any]]:
    """A preset of the detector's parameters, or its defaults."""
    if not detector.presets:
        return "", {}
    titles = {"": N_("Defaults"), **{name: preset.title for name, preset in detector.presets.items()}}
    name = st.pills(
        say(N_("Settings")),
        list(titles),
        default="",
        required=True,
        format_func=lambda word: say(titles[word]),
        key=f"preset_{detector.name()}",
        help=" · ".join(say(preset.title) + ": " + say(preset.help) for preset in detector.presets.values()),
    )
    return name or "", dict(detector.presets[name].values) if name else {}


def drop_share() -> float | None:
    """The share of the most unusual rows to train again without; None: train once."""
    help_text = N_(
        "For data that hold many anomalies: trains, drops the most unusual rows, and trains again on the others, so that "
        "the anomalies are not learned as if they were usual. Takes about twice as long. Every row is scored all the same."
    )
    if not st.toggle(say(N_("Train again without the most unusual")), key="train_twice", help=say(help_text)):
        return None
    return st.number_input(say(N_("Dropped, %")), 0.1, 50.0, 5.0, 1.0, format="%g", key="drop_share", width=130) / 100


def fit_on(record: DataSetRecord) -> tuple[FitWhere | None, float | None]:
    """Which rows to learn from: all, those where a column has a value (only known-normal rows, say), or the first in time."""
    all_rows, some, leading = say(N_("All rows")), say(N_("Rows where …")), say(N_("The first …"))
    choices = [all_rows, some, *([leading] if KINDS[record.kind].ordered else [])]
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        picked = st.segmented_control(
            say(N_("Fit on")), choices, default=all_rows, required=True, key=f"fit_on_{len(choices)}", width="content"
        )
        if picked == some:
            return rows_where(record), None
        if picked == leading:
            help_text = say(N_("Of each series so much of its time is learned from; what comes later is judged and never learned from."))
            share = st.slider(say(N_("Share of the time, %")), 5, 95, 50, 5, key="fit_first", width=300, help=help_text)
            return None, share / 100
    return None, None


def rows_where(record: DataSetRecord) -> FitWhere | None:
    """A column and a value of it; None where no column is fit for it."""
    choices = [profile.name for profile in engine.profile(record.id) if 1 < profile.distinct <= MOST_VALUES]
    if not choices:
        st.caption(say(N_("No column has few enough values to choose rows by.")))
        return None
    first = next((column for column in choices if record.roles.get(column) == "label"), choices[0])
    column = st.selectbox(say(N_("Column")), choices, choices.index(first), key=f"fit_column_{record.id}", width=260)
    values = engine.column_values(record.id, column)
    value = st.selectbox(say(N_("is")), values, key=f"fit_value_{record.id}_{column}", width=200)
    return FitWhere(column, value)


def starting_values(record: DataSetRecord, prepares: type[Preparation]) -> dict[str, Any]:
    """What was chosen for the preparation when the checks of the data were answered."""
    chosen = workbench().choices(record.id).preparation
    return {name: value for name, value in chosen.items() if name in prepares.fields}


def preparation_form(
    prepares: type[Preparation], start: dict[str, Any], key: str, *, with_labels: bool, earlier: Start | None
) -> tuple[dict[str, Any], int]:
    """How the data are prepared, and the seed; `with_labels` for a detector that learns from labels."""
    changed = 0 if earlier else changed_settings(prepares, start, key)
    with st.expander(
        say(N_("Preparation and seed · {changed} changed"), changed=changed), icon=":material/cleaning_services:", key="preparation"
    ):
        if earlier is not None:
            told = N_("Prepared as in {earlier}: its weights mean nothing to numbers that were made in another way.")
            st.caption(say(told, earlier=earlier.called))
            values = dict(earlier.preparation)
        else:
            if start:
                st.caption(say(N_("Starts from what was chosen in the checks on Data.")))
            values = parameter_form(prepares, start, key, without=() if with_labels else prepares.for_labels)
        with st.grid(4):
            seed = st.number_input(
                say(N_("Seed")), 0, 2**31 - 1, 0, key="seed", help=say(N_("The same seed on the same data gives the same scores."))
            )
    return values, int(seed)


def conditioned_columns(record: DataSetRecord, detector: type[Detector]) -> list[ColumnProfile]:
    """The columns that conditions may be about, for a detector that has some."""
    if not any(field.type == "conditions" for field in detector.fields.values()):
        return []
    return [profile for profile in engine.profile(record.id) if record.roles.get(profile.name) in ("feature", "text")]


def train_button(record: DataSetRecord, request: RunRequest, complete: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.caption(
            say(N_("{rows} {items}"), rows=record.rows, items=plain(KINDS[record.kind].items))
            + (", " + say(N_("{features} feature columns"), features=len(request.features)) if request.features else ""),
            width="content",
        )
        if complete:
            request = with_estimate(request)
        if st.button(say(N_("Train")), type="primary", icon=":material/play_arrow:", key="train", disabled=not complete):
            run_id = workbench().start_run(request)
            state.select(run=run_id)
            st.rerun()


page_head(N_("Train"), N_("Choose a detector, train it on your data and watch it learn."))
shown_refusal()
data_set = need_data()
learn_on_train(data_set)
detector = detector_cards(registry.for_kind(data_set.kind))
with st.container(border=True, key="train_form"):
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        presets = st.container(width="content")
        earlier = start_from(data_set, detector)
        if earlier is None:
            with presets:
                preset, preset_values = preset_choice(detector)
        else:
            preset, preset_values = earlier.id, earlier.known(detector)
    roles = data_set.roles if earlier is None else taken_over(data_set, earlier)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        where, first = fit_on(data_set)
        dropped = None if detector.supervised else drop_share()
    prepares = find_preparation(data_set.kind, detector.representation())
    form_key = f"{detector.name()}_{preset}"
    parameters = parameter_form(detector, preset_values, form_key, columns=conditioned_columns(data_set, detector))
    start = starting_values(data_set, prepares)
    preparation_key = f"prepare_{prepares.kind}_{prepares.representation}_{zlib.crc32(repr(sorted(start.items())).encode()):x}"
    preparation, seed = preparation_form(prepares, start, preparation_key, with_labels=detector.supervised, earlier=earlier)
    asked = RunRequest(
        data_set.id,
        detector.name(),
        roles,
        kind=data_set.kind,
        parameters=parameters,
        preparation=preparation,
        seed=seed,
        fit_where=where,
        fit_first=first,
        drop_share=dropped,
        start_from=earlier.id if earlier else None,
        representation=detector.representation(),
    )
    if None not in preparation.values() and earlier is None:
        view_of(data_set.kind).prepared(data_set, asked)
    complete = None not in [*parameters.values(), *preparation.values()]
    search_form(asked, ready=complete)
    train_button(data_set, asked, complete=complete and can_start(asked))
shown_above = running_run(data_set)
searches(data_set)
st.subheader(plain(N_("Runs")), anchor=False)
run_list(data_set, without=shown_above)
run_as_command(data_set, state.run())
