"""What each rule promises: found cut-offs on scores whose answer is known, and reasons where there is none."""

import numpy as np
import pytest

from detectors.errors import DataError
from detectors.messages import Message
from detectors.thresholds import RULES, Evidence, consider, cut_off, flagged_count, threshold
from detectors.thresholds.evidence import KnownLabels
from detectors.thresholds.judging import choices, curve, judged
from detectors.thresholds.tail import pareto_tail

CONSTANT = np.full(200, 3.0)


def drawn(seed: int = 0, rows: int = 4000, anomalies: int = 60) -> Evidence:
    """Usual scores around 1, anomalies around 4; half of these and a quarter of those known."""
    chance = np.random.default_rng(seed)
    usual, unusual = np.exp(chance.normal(0, 0.3, rows)), np.exp(chance.normal(1.4, 0.2, anomalies))
    everything = np.sort(np.concatenate([usual, unusual]))
    known = KnownLabels(np.sort(unusual[::2]), np.sort(usual[::4]))
    return Evidence(everything, everything, known.normals, known, days=10.0)


def default(rule: str) -> float:
    return RULES[rule].parameter.default


# ── every rule ──


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_it_does_in_words(rule):
    declared = RULES[rule]
    assert declared.title and len(declared.help) > 30 and declared.label
    assert declared.label.format(value=1, **{name: 1 for name in declared.fields if name != "value"})
    for name, field in declared.fields.items():
        assert field.title and field.help and field.low is not None and field.high is not None
        assert field.check(name, field.default) == field.default


def test_rules_stand_in_an_order_of_their_own_and_the_one_by_hand_comes_last():
    assert len({rule.order for rule in RULES.values()}) == len(RULES) == 16
    assert next(iter(RULES)) == "percentile"
    assert list(RULES)[-1] == "manual"


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_a_cut_off_where_everything_is_known_and_flags_no_score_that_equals_it(rule):
    evidence = drawn()
    found = cut_off(rule, default(rule), evidence)
    assert np.isfinite(found)
    assert flagged_count(evidence.scores, found) == (evidence.scores > found).sum()
    assert flagged_count(np.full(5, found), found) == 0


@pytest.mark.parametrize("rule", [rule for rule, declared in RULES.items() if declared.grows])
def test_a_rule_flags_more_or_fewer_rows_as_its_value_grows_as_it_declares(rule):
    evidence, field = drawn(), RULES[rule].parameter
    low, high = max(field.low, 1e-3), min(field.high, 60.0)
    tried = [field.check(rule, int(value) if field.type == "integer" else value) for value in np.geomspace(max(low, 1e-2), high, 25)]
    found = [consider(rule, value, evidence).threshold for value in tried]
    counts = [flagged_count(evidence.scores, one.cut_off) for one in found if one is not None]
    assert len(counts) >= 5
    assert counts == sorted(counts, reverse=RULES[rule].grows < 0)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("percentile", "manual")])
def test_a_rule_says_why_it_cannot_tell_equal_scores_apart(rule):
    answer = consider(rule, default(rule), CONSTANT)
    assert answer.threshold is None
    assert str(answer.why_not).endswith(".") and "{" not in str(answer.why_not)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("scores", [np.array([1.0, 2.0]), np.array([-5.0, 0.0, 1e300]), np.array([0.0, 0.0, 1e-300])])
def test_few_or_strange_scores_give_a_finite_cut_off_or_a_reason(rule, scores):
    answer = consider(rule, default(rule), scores)
    assert np.isfinite(answer.threshold.cut_off) if answer.threshold else str(answer.why_not)


# ── counts ──


def test_a_budget_of_40_rows_a_day_over_10_days_flags_400():
    evidence = drawn()
    assert flagged_count(evidence.scores, cut_off("budget", 40, evidence)) == 400
    per_file = Evidence(evidence.scores)
    assert flagged_count(per_file.scores, cut_off("budget", 40, per_file)) == 40


def test_a_budget_for_all_rows_leaves_nothing_to_choose():
    with pytest.raises(DataError, match="time to look at all 10 rows"):
        cut_off("budget", 40, np.arange(10.0))


# ── tail ──


@pytest.mark.parametrize("rate", [1.0, 0.1, 0.01])
def test_the_tail_of_exponential_scores_gives_their_quantile(rate):
    scores = np.sort(np.random.default_rng(3).exponential(size=50_000))
    assert cut_off("tail", rate, scores) == pytest.approx(-np.log(rate / 100), rel=0.06)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_shape_and_scale_of_a_pareto_tail_are_found(shape):
    chance = np.random.default_rng(4).uniform(size=20_000)
    excesses = np.sort(-2 * np.log(chance) if not shape else 2 * (chance**-shape - 1) / shape)
    assert pareto_tail(excesses) == pytest.approx((shape, 2.0), abs=0.05)


def test_the_tail_flags_usual_rows_as_rarely_as_was_asked():
    chance = np.random.default_rng(5)
    found = cut_off("tail", 0.1, np.sort(np.exp(chance.normal(size=20_000))))
    assert (np.exp(chance.normal(size=200_000)) > found).mean() == pytest.approx(0.001, rel=0.6)


def test_a_rate_above_the_level_is_a_percentile():
    scores = np.sort(np.random.default_rng(6).exponential(size=1000))
    assert cut_off("tail", 10, scores) == cut_off("percentile", 90, scores)


def test_a_tail_needs_scores_to_be_seen_in_and_the_shape_of_one():
    with pytest.raises(DataError, match="Only 5 training scores lie above their percentile 95"):
        cut_off("tail", 0.1, np.arange(100.0))
    two_groups = np.concatenate([np.linspace(0, 1, 9500), 0.951 + np.geomspace(1e-6, 1e-4, 300), np.linspace(90, 91, 200)])
    with pytest.raises(DataError, match="not shaped like a tail"):
        cut_off("tail", 0.1, np.sort(two_groups))


# ── groups ──


def two_groups(seed: int = 0, low: int = 950, high: int = 50) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return np.sort(np.concatenate([chance.normal(1, 0.1, low), chance.normal(3, 0.2, high)]))


@pytest.mark.parametrize("rule", ["otsu", "mixture", "valley"])
def test_two_groups_are_cut_between(rule):
    scores = two_groups()
    assert flagged_count(scores, cut_off(rule, 1 if rule == "valley" else default(rule), scores)) == 50


def test_otsu_with_three_groups_flags_the_highest_alone():
    scores = np.repeat([1.0, 10.0, 100.0], [500, 300, 7]) * np.linspace(0.95, 1.05, 807)
    assert flagged_count(np.sort(scores), cut_off("otsu", 3, np.sort(scores))) == 7


def test_otsu_parts_where_the_squared_distances_within_are_least():
    scores = np.sort(np.exp(np.random.default_rng(7).uniform(0, 3, 60)) + np.repeat([0, 30], [45, 15]))
    places = np.log10(scores)
    within = [places[:cut].var() * cut + places[cut:].var() * (60 - cut) for cut in range(1, 60)]
    assert flagged_count(scores, cut_off("otsu", 2, scores)) == 60 - (1 + int(np.argmin(within)))


@pytest.mark.parametrize(("rule", "words"), [("valley", "single hill"), ("mixture", "as well as two")])
def test_one_group_is_not_parted(rule, words):
    scores = np.sort(np.exp(np.random.default_rng(8).normal(size=2000)))
    with pytest.raises(DataError, match=words):
        cut_off(rule, default(rule), scores)


@pytest.mark.parametrize("rule", ["otsu", "mixture"])
def test_a_group_of_most_rows_is_not_that_of_the_unusual_ones(rule):
    with pytest.raises(DataError, match="80 % of the rows"):
        cut_off(rule, default(rule), two_groups(low=200, high=800))


def test_the_knee_is_where_the_curve_turns_up():
    # flat up to rank 90 of 100, then straight up: the corner is the score 1.0 at rank 90
    scores = np.concatenate([np.linspace(0, 1, 91), np.linspace(2, 10, 9)])
    assert cut_off("knee", 1, scores) == 1.0
    assert flagged_count(scores, 1.0) == 9


def test_a_straight_line_has_no_knee():
    with pytest.raises(DataError, match="no knee"):
        cut_off("knee", 1, np.arange(1000.0))


# ── share of false flags ──


@pytest.mark.parametrize("among_them", [False, True])
def test_the_share_of_false_flags_stays_below_what_was_asked(among_them):
    """Whether the rows to compare with are others, or rows of the data themselves, which may be flagged too."""
    shares, found = [], []
    for seed in range(200):
        chance = np.random.default_rng(seed)
        usual, unusual, others = chance.normal(size=400), chance.normal(3.5, 1, size=40), chance.normal(size=1000)
        usual = np.concatenate([usual, others]) if among_them else usual
        tested = np.sort(np.concatenate([usual, unusual]))
        answer = consider("conformal", 20, Evidence(tested, usual=np.sort(others))).threshold
        above = np.inf if answer is None else answer.cut_off
        wrong, right = (usual > above).sum(), (unusual > above).sum()
        shares.append(wrong / max(1, wrong + right))
        found.append(right / 40)
    # Benjamini and Hochberg: on average at most 20 % times the share of usual rows, 400 of 440
    assert 0.12 < np.mean(shares) < 0.2
    assert np.mean(found) > 0.5


def test_p_values_are_those_of_ranks_among_usual_rows():
    # usual 1 … 99: a score of 100 has p = 1/100, one of 98.5 has 2/100, one of 50.5 has 50/100; four tested rows at 8 %
    tested = np.array([10.5, 50.5, 98.5, 100.0])
    # allowed: 2 % for one flag, 4 % for two, 6 % for three: two are flagged
    assert cut_off("conformal", 8, Evidence(tested, usual=np.arange(1.0, 100.0))) == 74.5
    # at 3 % one flag is allowed 0.75 %, two 1.5 %: none
    with pytest.raises(DataError, match="no row can be flagged"):
        cut_off("conformal", 3, Evidence(tested, usual=np.arange(1.0, 100.0)))


def test_without_usual_rows_the_reason_is_that_of_the_evidence():
    why = Message("Nobody knows {what}.", {"what": "why"})
    assert consider("conformal", 10, Evidence(np.arange(10.0), usual=why)).why_not == why
    with pytest.raises(DataError, match="Only 19 rows are known to be usual"):
        cut_off("conformal", 10, Evidence(np.arange(10.0), usual=np.arange(19.0)))


# ── labels and verdicts ──

#: anomalies 3, 7, 8, 9 among normal 0, 1, 2, 4, 5, 6
KNOWN = KnownLabels(np.array([3.0, 7.0, 8.0, 9.0]), np.array([0.0, 1.0, 2.0, 4.0, 5.0, 6.0]))


def with_known(known: KnownLabels) -> Evidence:
    return Evidence(np.sort(np.concatenate([known.anomalies, known.normals])), known=known)


def test_the_best_f1_flags_the_three_clear_anomalies():
    # flagging 7, 8, 9: precision 1, recall .75, F1 6/7; flagging down to 3: precision 4/7, F1 8/11
    assert cut_off("f_score", 1, with_known(KNOWN)) == 6.5
    # recall counts nine times as much: all four
    assert cut_off("f_score", 3, with_known(KNOWN)) == 2.5


def test_precision_and_recall_are_reached_with_as_many_or_as_few_flags_as_can_be():
    assert cut_off("precision", 0.9, with_known(KNOWN)) == 6.5
    assert cut_off("precision", 0.55, with_known(KNOWN)) == 2.5  # 4 of 7 are right
    assert cut_off("recall", 0.5, with_known(KNOWN)) == 7.5
    assert cut_off("recall", 1, with_known(KNOWN)) == 2.5


def test_0_55_of_20_anomalies_are_11():
    known = KnownLabels(np.arange(100.0, 120.0), np.arange(100.0))
    assert flagged_count(known.anomalies, cut_off("recall", 0.55, with_known(known))) == 11


def test_a_precision_that_no_cut_off_reaches_is_answered_with_the_best_one():
    known = KnownLabels(np.array([5.0]), np.array([1.0, 9.0]))
    with pytest.raises(DataError, match=r"precision of 0\.9; the best that these scores allow is 0\.5"):
        cut_off("precision", 0.9, with_known(known))


def test_the_least_cost_weighs_misses_against_false_alarms():
    # all four: no miss and 3 false alarms; three: one miss
    assert cut_off("cost", 10, with_known(KNOWN)) == 2.5
    assert cut_off("cost", 2, with_known(KNOWN)) == 6.5
    assert cut_off("cost", 10, with_known(KNOWN), {"false_alarm": 5.0}) == 6.5
    assert cut_off("cost", 0, with_known(KNOWN)) == 9.0, "what may be missed for nothing is not flagged"


def test_normal_rows_that_score_as_high_as_every_anomaly_are_flagged_with_them():
    known = KnownLabels(np.array([2.0, 2.0]), np.array([1.0, 2.0]))
    found = cut_off("recall", 1, with_known(known))
    assert 1.0 <= found < 2.0


@pytest.mark.parametrize(
    ("anomalies", "normals", "words"), [(0, 0, "there are none"), (0, 5, "None of the 5 known rows"), (5, 0, "All 5 known rows")]
)
@pytest.mark.parametrize("rule", ["f_score", "precision", "recall", "cost"])
def test_without_both_kinds_of_known_rows_a_rule_says_which_are_missing(rule, anomalies, normals, words):
    known = KnownLabels(np.arange(float(anomalies)), np.arange(float(normals)))
    with pytest.raises(DataError, match=words):
        cut_off(rule, default(rule), Evidence(np.arange(10.0), known=known))


def brute_force(known: KnownLabels) -> list[tuple[int, int]]:
    """Caught anomalies and false alarms of every cut-off that makes a difference."""
    cut_offs = np.concatenate([[-np.inf], np.unique(np.concatenate([known.anomalies, known.normals]))])
    return [(int((known.anomalies > one).sum()), int((known.normals > one).sum())) for one in cut_offs]


@pytest.mark.parametrize("seed", range(20))
def test_best_f1_and_least_cost_are_those_of_trying_every_cut_off(seed):
    chance = np.random.default_rng(seed)
    known = KnownLabels(np.sort(chance.normal(1, 1, 30).round(1)), np.sort(chance.normal(0, 1, 70).round(1)))
    every = brute_force(known)
    found = {rule: judged(known, [cut_off(rule, value, with_known(known))]) for rule, value in (("f_score", 1), ("cost", 4))}
    best = {rule: (int(one.caught[0]), int(one.false_alarms[0])) for rule, one in found.items()}
    f1 = [2 * caught / (caught + wrong + 30) for caught, wrong in every]
    assert 2 * best["f_score"][0] / (sum(best["f_score"]) + 30) == max(f1)
    cost = [4 * (30 - caught) + wrong for caught, wrong in every]
    assert 4 * (30 - best["cost"][0]) + best["cost"][1] == min(cost)
    drawn_costs = curve(known).cost(4, 1)
    assert drawn_costs.min() >= min(cost)
    assert len(drawn_costs) <= 410


def test_the_cost_curve_shows_its_cheapest_cut_off_where_there_are_few():
    assert curve(KNOWN).cost(2, 1).min() == choices(KNOWN).cost(2, 1).min() == 2


def test_a_rule_for_labels_looks_at_known_rows_alone():
    more = np.sort(np.concatenate([KNOWN.anomalies, KNOWN.normals, np.linspace(20, 30, 100)]))
    assert cut_off("f_score", 1, Evidence(more, known=KNOWN)) == 6.5
    assert threshold("f_score", 1, Evidence(more, known=KNOWN)).setting().text() == ""
    assert threshold("f_score", 2, Evidence(more, known=KNOWN)).setting().text() == "2"
