"""The training loop: what it learns, when it ends, what it reports, what depends on the seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.base import Progress
from detectors.errors import DetectorError, Discarded, StorageError
from detectors.network.augmentation import Augmentation, VariedNumbers, VariedPictures, VariedTexts
from detectors.network.layers import AutoencoderShape, LayerStyle, dense_autoencoder, layers_table
from detectors.network.pacing import Pacer
from detectors.network.schedule import Schedule
from detectors.network.scoring import reconstruction, reconstruction_error, rows_together
from detectors.network.steps import TrainingOptions
from detectors.network.text_classifier import text_classifier
from detectors.network.training import History, seed_everything, train
from detectors.network.weights import load_weights, save_weights
from detectors.network.words_in_context import TextShape

pytestmark = pytest.mark.slow


class Listener(Progress):
    """Keeps every report; asks to stop, or discards, once so many reports have come."""

    def __init__(self, *, stop_after: int = 10**9, discard_after: int = 10**9) -> None:
        self.stop_after, self.discard_after = stop_after, discard_after
        self.reports: list[tuple[int, int, dict[str, float]]] = []

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        assert phase == "fitting"
        self.reports.append((done, total, figures))

    def stop_asked(self) -> bool:
        return len(self.reports) >= self.stop_after

    def check(self) -> None:
        if len(self.reports) >= self.discard_after:
            raise Discarded

    def epochs(self) -> list[dict[str, float]]:
        return [figures for _, _, figures in self.reports if "step" not in figures]


def line(rows: int = 100) -> np.ndarray:
    """Rows on a line through four columns: one number tells the other three."""
    return (np.linspace(-2, 2, rows)[:, None] * [1.0, -1.0, 0.5, 2.0]).astype(np.float32)


def network(seed: int = 1, style: LayerStyle | None = None, **shape: Any) -> Any:
    seed_everything(seed)
    return dense_autoencoder(AutoencoderShape(**{"columns": 4, "encoder": (8, 2), **shape}), style or LayerStyle())


def trained(seed: int = 1, style: LayerStyle | None = None, *, X: np.ndarray | None = None, **options: Any) -> tuple[Any, History]:
    model = network(seed, style)
    chosen = {"seed": seed, "batch_size": 16, "epochs": 3, "patience": None, "learning_rate": 0.01, **options}
    return model, train(model, line() if X is None else X, None, TrainingOptions(**chosen), Progress())


# ── learning ──


@pytest.mark.parametrize(("optimizer", "loss"), [("adam", "mse"), ("rmsprop", "mae"), ("sgd", "mse")])
def test_the_loss_falls_by_a_third_with_every_optimizer(optimizer: str, loss: str) -> None:
    _, history = trained(optimizer=optimizer, loss=loss, epochs=15, learning_rate=0.1 if optimizer == "sgd" else 0.01)
    assert history.losses[-1] < 0.67 * history.losses[0]
    assert history.validation_losses[-1] < history.validation_losses[0]


def test_targets_other_than_the_inputs_are_learned() -> None:
    model = network()
    options = TrainingOptions(epochs=60, batch_size=16, learning_rate=0.02, patience=None)
    train(model, line(), np.flip(line(), axis=1).copy(), options, Progress())
    answer = reconstruction(model, (4,))(np.array([[1.0, -1.0, 0.5, 2.0]], np.float32))
    np.testing.assert_allclose(answer, [[2.0, 0.5, -1.0, 1.0]], atol=0.3)


def test_the_reported_loss_is_the_mean_over_the_rows_whatever_the_batches() -> None:
    # Without learning (a rate too small to move anything) the loss of one epoch is the error of the untrained network.
    model = network()
    error = reconstruction_error(model, (4,), squared=True)(line()).mean()
    options = TrainingOptions(learning_rate=1e-30, epochs=1, batch_size=7, validation_share=0.0)
    assert train(model, line(), None, options, Progress()).losses[0] == pytest.approx(error, rel=1e-5)


def test_the_penalty_on_large_weights_is_part_of_the_loss_and_keeps_them_smaller() -> None:
    free, free_history = trained(epochs=20)
    held, held_history = trained(l2=0.1, epochs=20)
    assert held_history.losses[0] > free_history.losses[0]
    size = [sum(np.abs(layer.kernel).sum() for layer in model.layers if hasattr(layer, "kernel")) for model in (free, held)]
    assert size[1] < size[0]


def test_dropout_works_in_training_only() -> None:
    model = network(style=LayerStyle(dropout=0.5))
    assert not np.array_equal(model(line(), training=True), model(line(), training=True))
    reconstruct = reconstruction(model, (4,))
    np.testing.assert_array_equal(reconstruct(line()), reconstruct(line()))


def test_batch_normalisation_learns_its_means_even_from_few_batches() -> None:
    shifted = line(40) + 50
    model, _ = trained(style=LayerStyle(normalisation="batch"), X=shifted, epochs=30)
    inside = model.get_layer("encoder_1_normalisation")
    before = model.get_layer("encoder_1")(shifted)
    np.testing.assert_allclose(inside.moving_mean, np.mean(before, axis=0), rtol=0.2, atol=1.0)


def test_more_rows_than_one_batch_by_a_single_row_do_not_make_a_batch_of_one() -> None:
    # A batch of one has no spread: its variance would drag the running variance of 16 + 1 rows towards 0.
    model, _ = trained(style=LayerStyle(normalisation="batch"), X=line(17), batch_size=16, validation_share=0.0, epochs=60)
    before = np.asarray(model.get_layer("encoder_1")(line(17)))
    variance = np.asarray(model.get_layer("encoder_1_normalisation").moving_variance)
    assert (variance > 0.6 * before.var(axis=0)).all()


# ── varied inputs ──


def varied(augmentation: Augmentation, rows: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    return augmentation.varied(tf.constant(rows, tf.float32), tf.random.Generator.from_seed(1)).numpy()


def test_noise_has_the_size_that_was_asked_for_and_no_direction() -> None:
    noise = varied(VariedNumbers(input_noise=0.5), np.ones((2000, 4))) - 1
    assert abs(noise.mean()) < 0.03
    assert noise.std() == pytest.approx(0.5, rel=0.05)


def test_so_large_a_share_of_the_numbers_is_hidden_and_the_rest_is_left_alone() -> None:
    seen = varied(VariedNumbers(input_masking=0.25), np.full((1000, 4, 2), 7.0))
    assert np.unique(seen).tolist() == [0.0, 7.0]
    assert (seen == 0).mean() == pytest.approx(0.25, abs=0.03)


def test_a_shifted_picture_is_the_picture_elsewhere_and_repeats_its_edge() -> None:
    picture = np.arange(10.0)[None, :, None, None] + np.zeros((50, 10, 4, 1))  # each row of pixels has its number
    seen = varied(VariedPictures(shift=0.2), picture)[:, :, 0, 0]
    moved = seen[:, 5] - 5
    assert set(moved.tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    np.testing.assert_array_equal(seen, np.clip(np.arange(10.0) + moved[:, None], 0, 9))


def test_half_of_the_pictures_are_mirrored() -> None:
    picture = np.broadcast_to(np.arange(4.0)[None, None, :, None], (400, 3, 4, 1))
    seen = varied(VariedPictures(mirror="across"), picture)[:, 0, :, 0]
    mirrored = seen[:, 0] == 3
    assert 0.4 < mirrored.mean() < 0.6
    np.testing.assert_array_equal(seen[mirrored], np.broadcast_to([3.0, 2.0, 1.0, 0.0], (int(mirrored.sum()), 4)))


def test_brightness_changes_a_picture_as_a_whole_and_stays_between_black_and_white() -> None:
    seen = varied(VariedPictures(brightness=0.3), np.full((200, 2, 2, 1), 0.9)).reshape(200, -1)
    assert (seen == seen[:, :1]).all()
    assert seen.min() < 0.7 and seen.max() == 1.0


def test_words_go_missing_and_no_word_becomes_another() -> None:
    seen = varied(VariedTexts(word_dropout=0.5), np.full((500, 6), 9.0))
    assert np.unique(seen).tolist() == [0.0, 9.0]
    assert (seen == 0).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("augmentation", [VariedNumbers(), VariedPictures(), VariedTexts()], ids=lambda found: type(found).__name__)
def test_nothing_is_varied_unless_asked_for(augmentation: Augmentation) -> None:
    assert not augmentation.changes


def test_what_was_hidden_is_learned_to_be_told_from_the_rest() -> None:
    X = line(400)
    model, _ = trained(X=X, epochs=60, batch_size=64, augmentation=VariedNumbers(input_masking=0.3))
    plain, _ = trained(X=X, epochs=60, batch_size=64)
    with_a_hole = np.array([[1.0, -1.0, 0.0, 2.0]], np.float32)  # the third should be 0.5
    mended = reconstruction(model, (4,))(with_a_hole)[0, 2]
    assert abs(mended - 0.5) < 0.2
    assert abs(mended - 0.5) < abs(reconstruction(plain, (4,))(with_a_hole)[0, 2] - 0.5)


# ── adversarial training ──


def test_a_network_trained_on_harder_inputs_loses_less_where_inputs_are_moved_against_it() -> None:
    import tensorflow as tf

    def loss_moved_against(model: Any) -> float:
        X = tf.constant(line())
        with tf.GradientTape() as tape:
            tape.watch(X)
            loss = tf.reduce_mean(tf.square(model(X) - X))
        moved = X + 0.5 * tf.sign(tape.gradient(loss, X))
        return float(tf.reduce_mean(tf.square(model(moved) - X)))

    usual, _ = trained(epochs=40)
    hardened, _ = trained(epochs=40, adversarial_step=0.5)
    assert loss_moved_against(hardened) < loss_moved_against(usual)


def test_texts_are_moved_where_their_words_have_become_numbers() -> None:
    seed_everything(1)
    words = np.random.default_rng(0).integers(2, 6, (32, 5)).astype(np.float32)
    targets = (words == 3).any(axis=1, keepdims=True).astype(np.float32)
    losses = []
    for step in (0.0, 1.0):
        seed_everything(1)
        model = text_classifier(TextShape(ids=6, cell="rnn", embedding=4, units=4))
        options = TrainingOptions(loss="binary_crossentropy", epochs=2, validation_share=0.0, adversarial_step=step)
        losses.append(train(model, words, targets, options, Progress()).losses[0])
    assert losses[1] > losses[0]  # half of it is the loss of the harder texts


# ── the learning rate ──


def factors(schedule: Schedule, *epochs: float) -> list[float]:
    return [round(float(schedule.factor(np.float32(at))), 4) for at in epochs]


def test_the_rate_falls_along_a_cosine_until_the_last_epoch() -> None:
    assert factors(Schedule("cosine", 10, 0), 0, 5, 10) == [1.0, 0.5, 0.0]


def test_the_rate_rises_while_it_warms_up() -> None:
    assert factors(Schedule("constant", 10, 2), 0, 0.5, 1, 2, 9) == [0.0, 0.25, 0.5, 1.0, 1.0]


def test_the_rate_falls_after_two_epochs_without_a_smaller_loss() -> None:
    schedule = Schedule("plateau", 10, 0)
    seen = []
    for loss in (3.0, 2.0, 2.0, 2.5, 2.5, 2.5, 1.0, 1.0):
        schedule.epoch_ended(loss)
        seen += factors(schedule, 1)
    assert seen == [1.0, 1.0, 1.0, 0.3, 0.3, 0.09, 0.09, 0.09]


def test_a_rate_that_has_fallen_to_nothing_moves_no_weight() -> None:
    model = network()
    start = [weights.copy() for weights in model.get_weights()]
    train(model, line(), None, TrainingOptions(optimizer="sgd", epochs=1, batch_size=128, validation_share=0.0, warm_up=100.0), Progress())
    for before, after in zip(start, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)  # its one step is at the very beginning, where the rate is 0


# ── ending ──


def test_two_rows_are_enough_with_or_without_a_validation_share() -> None:
    for share in (0.0, 0.5):
        model, history = trained(X=line(2), validation_share=share)
        assert len(history.losses) == 3
        assert np.isfinite(reconstruction_error(model, (4,), squared=True)(line(2))).all()


def test_without_a_validation_share_there_is_no_validation_loss() -> None:
    assert trained(validation_share=0.0)[1].validation_losses == [None, None, None]


def test_patience_ends_training_and_brings_the_best_weights_back() -> None:
    model, history = trained(epochs=200, patience=3, learning_rate=0.3)
    best = min(history.validation_losses)
    assert len(history.losses) < 200
    assert history.validation_losses.index(best) == len(history.losses) - 1 - 3
    held_out = np.random.default_rng(1).permutation(100)[:10]
    error = reconstruction_error(model, (4,), squared=True)(line()[held_out]).mean()
    assert error == pytest.approx(best, rel=1e-4)


def test_a_loss_that_is_no_number_ends_in_a_sentence_that_says_what_to_do() -> None:
    with pytest.raises(DetectorError, match="Choose a learning rate smaller than 1\u202f000"):
        trained(optimizer="sgd", learning_rate=1000.0, epochs=20)


def test_stop_keeps_the_epochs_that_are_done() -> None:
    listener, model = Listener(stop_after=1), network()
    history = train(model, line(), None, TrainingOptions(epochs=50, batch_size=128), listener)
    assert history.stopped
    assert len(history.losses) == 1


def test_stop_in_the_middle_of_an_epoch_keeps_the_weights_as_they_are() -> None:
    listener, model = Listener(stop_after=1), network()
    start = model.get_weights()[0].copy()
    history = train(model, line(), None, TrainingOptions(epochs=50, batch_size=2), listener)
    assert listener.reports[0][2]["step"] < listener.reports[0][2]["steps"]
    assert (history.stopped, history.losses) == (True, [])
    assert not np.array_equal(model.get_weights()[0], start)


@pytest.mark.parametrize("batch_size", [128, 2])
def test_discard_is_heard_after_an_epoch_and_within_one(batch_size: int) -> None:
    listener = Listener(discard_after=1)
    with pytest.raises(Discarded):
        train(network(), line(), None, TrainingOptions(epochs=50, batch_size=batch_size), listener)
    assert len(listener.reports) == 1


# ── reporting ──


def test_every_epoch_reports_losses_and_speed() -> None:
    listener = Listener()
    history = train(network(), line(), None, TrainingOptions(epochs=4, batch_size=128), listener)
    assert [(done, total) for done, total, _ in listener.reports] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [figures["loss"] for figures in listener.epochs()] == history.losses
    assert [figures["validation_loss"] for figures in listener.epochs()] == history.validation_losses
    assert all(figures["rows_per_s"] > 0 for figures in listener.epochs())


def test_reports_within_an_epoch_count_steps_upwards() -> None:
    listener = Listener()
    train(network(), line(), None, TrainingOptions(epochs=1, batch_size=1, validation_share=0.0), listener)
    steps = [figures["step"] for done, _, figures in listener.reports if "step" in figures]
    assert steps == sorted(set(steps))
    assert 0 < steps[0] < 100 and listener.reports[0][2]["steps"] == 100


def test_pieces_grow_while_steps_are_quick_and_shrink_when_they_are_slow() -> None:
    pacer = Pacer()
    for _ in range(10):
        pacer.learn(pacer.steps, pacer.steps * 0.001)
    assert pacer.steps == 250  # a quarter of a second, at a thousandth of a second each
    pacer.learn(250, 25.0)
    assert pacer.steps == 2
    pacer.learn(1, 60.0)
    assert pacer.steps == 1


def test_pieces_cover_every_step_once() -> None:
    pacer = Pacer()
    pacer.steps = 4
    covered = [step for start, stop in pacer.spans(10) for step in range(start, stop)]
    assert covered == list(range(10))


# ── the seed ──


def test_the_seed_alone_decides_the_weights() -> None:
    style = LayerStyle(normalisation="batch", dropout=0.3)
    chance = {"augmentation": VariedNumbers(input_noise=0.1, input_masking=0.1), "adversarial_step": 0.1, "schedule": "cosine"}
    first, history = trained(5, style, **chance)
    other, _ = trained(6, style, **chance)
    again, history_again = trained(5, style, **chance)
    assert history.losses == history_again.losses
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_any_whole_number_is_a_seed() -> None:
    for seed in (-1, 2**40):
        assert len(trained(seed)[1].losses) == 3


# ── scoring and keeping ──


@pytest.mark.parametrize("activation", ["relu", "selu", "tanh"])
def test_a_row_scores_the_same_to_the_last_bit_at_every_place_and_in_every_company(activation: str) -> None:
    # Nine neurons: a number of values that no vector register divides, where the ends of arrays once rounded differently.
    model = network(style=LayerStyle(activation), columns=5, encoder=(9,))
    score = reconstruction_error(model, (5,), squared=True)
    chunk = rows_together(model, (5,))
    X = np.random.default_rng(0).normal(size=(2 * chunk + 17, 5)).astype(np.float32)
    together = score(X)
    for rows in (1, 2, 3, 17, 255, 256, 257, 1000, chunk - 1, chunk, chunk + 1):
        np.testing.assert_array_equal(score(X[5 : 5 + rows]), together[5 : 5 + rows])
    for place in (1, chunk // 2 + 3, chunk - 1):
        np.testing.assert_array_equal(score(X[place : 2 * chunk + 17]), together[place:])
    np.testing.assert_array_equal(score(np.repeat(X[:1], 300, axis=0)), np.repeat(together[:1], 300))


def test_squared_and_absolute_error_are_means_over_the_columns() -> None:
    model = network()
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])  # gives back zeros
    row = np.array([[1.0, -2.0, 0.0, 3.0]], np.float32)
    assert reconstruction_error(model, (4,), squared=True)(row).tolist() == [(1 + 4 + 0 + 9) / 4]
    assert reconstruction_error(model, (4,), squared=False)(row).tolist() == [(1 + 2 + 0 + 3) / 4]


def test_weights_come_back_into_a_rebuilt_network(tmp_path: Path) -> None:
    style = LayerStyle(normalisation="batch")
    model, _ = trained(style=style)
    save_weights(model, tmp_path)
    rebuilt = network(99, style)
    load_weights(rebuilt, tmp_path)
    for a, b in zip(model.get_weights(), rebuilt.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_are_missing_damaged_or_of_another_network_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="missing or damaged"):
        load_weights(network(), tmp_path)
    save_weights(network(), tmp_path)
    with pytest.raises(StorageError, match="missing or damaged"):
        load_weights(network(encoder=(9, 3)), tmp_path)
    (tmp_path / "weights.weights.h5").write_bytes(b"not weights")
    with pytest.raises(StorageError, match="missing or damaged"):
        load_weights(network(), tmp_path)


def test_layers_are_listed_from_input_to_output_with_their_numbers() -> None:
    rows = layers_table(network(style=LayerStyle(normalisation="batch", dropout=0.1)))
    assert [row["layer"] for row in rows if row["parameters"]] == [
        "encoder_1", "encoder_1_normalisation", "encoder_2", "encoder_2_normalisation",
        "decoder_1", "decoder_1_normalisation", "output",
    ]  # fmt: skip
    assert rows[1] == {"layer": "encoder_1", "shape": "8", "parameters": 4 * 8}  # no bias: batch normalisation takes it away
    assert rows[-1] == {"layer": "output", "shape": "4", "parameters": 8 * 4 + 4}
