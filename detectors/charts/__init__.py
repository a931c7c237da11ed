"""Figures from arrays. Each chart has a title that states its question, named axes with units, and its table."""

from detectors.charts import pictures
from detectors.charts.basics import DARK, LIGHT, Chart, Palette
from detectors.charts.beeswarm import Swarm, beeswarm
from detectors.charts.comparison import Axis, matrix, score_against_score
from detectors.charts.costs import CostCurve, costs
from detectors.charts.decisions import rules_table, tree
from detectors.charts.dependence import Points, dependence_on_category, dependence_on_number
from detectors.charts.drift import Batch, batches, drift_bars
from detectors.charts.importance import two_importances, weights_by_group
from detectors.charts.judging import PlantedBar, agreement_of_refits, planted
from detectors.charts.maps import map_of_rows
from detectors.charts.opinions import two_opinions
from detectors.charts.preparation import numbers_after, values_before
from detectors.charts.ranks import DROPPED, VERDICTS, RankWords, changed_ranks
from detectors.charts.rows import column_weights, losses, place_of_category, place_of_number, precision_recall, roc, waterfall
from detectors.charts.searching import trials
from detectors.charts.segments import MOST_DRAWN, flag_rates
from detectors.charts.trust import trust_curve
from detectors.charts.windows import beside, map_over_time, stretch

__all__ = [
    "DARK",
    "DROPPED",
    "LIGHT",
    "MOST_DRAWN",
    "VERDICTS",
    "Axis",
    "Batch",
    "Chart",
    "CostCurve",
    "Palette",
    "PlantedBar",
    "Points",
    "RankWords",
    "Swarm",
    "agreement_of_refits",
    "batches",
    "beeswarm",
    "beside",
    "changed_ranks",
    "column_weights",
    "costs",
    "dependence_on_category",
    "dependence_on_number",
    "drift_bars",
    "flag_rates",
    "losses",
    "map_of_rows",
    "map_over_time",
    "matrix",
    "numbers_after",
    "pictures",
    "place_of_category",
    "place_of_number",
    "planted",
    "precision_recall",
    "roc",
    "rules_table",
    "score_against_score",
    "stretch",
    "tree",
    "trials",
    "trust_curve",
    "two_importances",
    "two_opinions",
    "values_before",
    "waterfall",
    "weights_by_group",
]
