"""Pictures as they are shown: enlarged, compared, with a map laid over them."""

from __future__ import annotations

import numpy as np

from detectors.charts import DARK, LIGHT, pictures


def test_a_small_picture_is_enlarged_without_blurring() -> None:
    picture = np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    large = pictures.enlarged(picture, side=6)
    assert large.shape == (3, 6, 3)
    assert set(large.reshape(-1).tolist()) == {0, 255}


def test_a_grey_picture_is_shown_in_three_equal_channels() -> None:
    shown = pictures.as_bytes(np.array([[[0.0], [0.5], [2.0]]]))
    assert shown.tolist() == [[[0, 0, 0], [128, 128, 128], [255, 255, 255]]]


def test_the_difference_is_brightest_where_pictures_differ_most() -> None:
    first, second = np.zeros((2, 2, 1)), np.array([[[0.0], [0.1]], [[0.2], [0.4]]])
    assert pictures.difference(first, second)[:, :, 0].tolist() == [[0, 64], [128, 255]]
    assert pictures.difference(first, first).max() == 0


def test_a_map_reddens_where_it_is_high_and_leaves_the_rest() -> None:
    picture = np.full((8, 8, 3), 200, dtype=np.uint8)
    values = np.zeros((2, 2))
    values[0, 0] = 5.0
    shown = pictures.overlaid(picture, values, LIGHT, opacity=1.0).astype(int)
    assert shown[0, 0, 0] > shown[0, 0, 2] + 100  # red
    assert shown[7, 7].tolist() == [200, 200, 200]
    assert (pictures.overlaid(picture, values, LIGHT, opacity=0.0) == picture).all()


def test_a_heat_map_has_the_ground_of_its_theme() -> None:
    assert pictures.heat(np.zeros((2, 2)), LIGHT, (4, 4)).min() == 255
    assert pictures.heat(np.zeros((2, 2)), DARK, (4, 4)).max() == 24
