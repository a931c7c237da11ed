"""A tree of decisions, drawn from left to right: questions, and how many anomalies came by."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go

from detectors.charts.basics import Chart, Palette, blank_figure, short
from detectors.messages import N_, Message, Translate, shown
from detectors.trees import Node, WordedTree

#: Pixels from one answer to the next, and of the largest node.
LINE, LARGEST = 40, 20

#: From so many questions on one after the other they stand closer, and the first one's words need room to the left.
DEEP = 4

#: Characters of a question, and of a column's name in it at least.
LONGEST_LABEL, SHORTEST_NAME = 34, 12


#: What is said of how many of the rows that ended somewhere are anomalies.
ANOMALIES = N_("{anomalies} of {rows} anomalies")


def tree(drawn: WordedTree, palette: Palette, *, counted: str = ANOMALIES, translate: Translate = str) -> Chart:
    """Every question with its two ways, the lower one where the answer is yes; colour and words say how many are anomalies.

    `counted` says it of an end, where something else than anomalies is told.
    """
    places = _places(drawn)
    answers = sum(node.cut is None for node in drawn.nodes)
    figure = blank_figure(palette, height=70 + LINE * answers)
    for place, node in enumerate(drawn.nodes):
        for child, word in ((node.low, N_("no")), (node.high, N_("yes"))):
            if node.cut is not None:
                _branch(figure, places[place], places[child], translate(word), palette)
    _nodes(figure, drawn, places, palette, counted=counted, translate=translate)
    deepest = max(x for x, _ in places)
    figure.update_xaxes(visible=False, range=[-0.45 if deepest < DEEP else -0.75, deepest + (1.7 if drawn.kinds else 1.1)])
    figure.update_yaxes(visible=False, range=[answers - 0.3, -1.1])
    return Chart(figure, Message(N_("What does the tree ask?")), rules_table(drawn, translate), (Message(""), Message("")))


def rules_table(drawn: WordedTree, translate: Translate = str) -> pd.DataFrame:
    """The ways through the tree as sentences, with the rows that went them and the anomalies among these."""
    rules = drawn.rules()
    both, always = translate(N_(" and ")), translate(N_("always"))
    table = {
        "rule": [both.join(condition.text(translate) for condition in rule.conditions) or always for rule in rules],
        "rows": [rule.end.total for rule in rules],
        "anomalies": [rule.end.anomalies for rule in rules],
        "share": [rule.end.share for rule in rules],
    }
    return pd.DataFrame(table | ({"kind": [rule.kind or "" for rule in rules]} if drawn.kinds else {}))


def _places(drawn: WordedTree) -> list[tuple[float, float]]:
    """Where each node is drawn: its depth, and the middle of its answers, which stand below one another."""
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(drawn.nodes)
    answers = iter(range(len(drawn.nodes)))

    def put(place: int, depth: int) -> float:
        node = drawn.nodes[place]
        y = float(next(answers)) if node.cut is None else (put(node.low, depth + 1) + put(node.high, depth + 1)) / 2
        places[place] = float(depth), y
        return y

    put(0, 0)
    return places


def _nodes(
    figure: go.Figure, drawn: WordedTree, places: list[tuple[float, float]], palette: Palette, *, counted: str, translate: Translate
) -> None:
    """Questions as circles, answers as squares, the larger the more rows came by."""
    most = max(node.total for node in drawn.nodes)
    ends = [node.cut is None for node in drawn.nodes]
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers+text",
        marker={
            "size": [8 + (LARGEST - 8) * (node.total / most) ** 0.5 for node in drawn.nodes],
            "opacity": 1,
            "color": [node.share for node in drawn.nodes], "cmin": 0, "cmax": 1, "colorscale": [[0, palette.normal], [1, palette.flagged]],
            "symbol": ["square" if end else "circle" for end in ends],
        },
        text=[_label(drawn, node, translate, counted) for node in drawn.nodes],
        textposition=["middle right" if end else "top center" for end in ends],
        hovertext=[_counted(drawn, node, translate, f"{translate(counted)} ({{share}})") for node in drawn.nodes],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )  # fmt: skip


def _branch(figure: go.Figure, start: tuple[float, float], end: tuple[float, float], word: str, palette: Palette) -> None:
    bend = start[0] + 0.35
    figure.add_scatter(
        x=[start[0], bend, end[0]], y=[start[1], end[1], end[1]], mode="lines", line={"color": palette.grid, "width": 2}, hoverinfo="skip"
    )
    figure.add_annotation(x=bend, y=end[1], text=word, showarrow=False, yshift=9, font_size=11, opacity=0.75)


def _label(drawn: WordedTree, node: Node, translate: Translate, counted: str) -> str:
    if node.cut is None:
        return " " + _counted(drawn, node, translate, counted)
    text = node.cut.words(high=True).text(translate)
    room = len(node.cut.column) - max(0, len(text) - LONGEST_LABEL)  # what is asked of a column is told whole, its name cut
    cut = replace(node.cut, column=short(node.cut.column, max(SHORTEST_NAME, room), escaped=False))
    return short(cut.words(high=True).text(translate), LONGEST_LABEL)


def _counted(drawn: WordedTree, node: Node, translate: Translate, template: str) -> str:
    values = {"anomalies": node.anomalies, "rows": node.total, "share": f"{node.share:.0%}"}
    kind = drawn.kind(node)
    text = Message(template, values).text(translate, shown)
    return text if kind is None else f"{text} · {short(kind)}"
