"""Varies what a network sees while it learns, so that it cannot learn its training rows by heart. One class a sort of input.

The settings of each are declared here, and are settings of every neural detector on the representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from detectors.messages import N_
from detectors.params import Parametrised, choice, number

#: The group of these settings in the form.
GROUP = N_("Varied inputs")


class Augmentation(Parametrised):
    """Tensors of rows in, varied rows of the same shape out; another variation every time a row is seen."""

    answer_varies: ClassVar[bool]
    """Whether a network that gives back its input should give it back as varied, and not as it was."""

    @property
    def changes(self) -> bool:
        """Whether any setting is on."""
        return any(value != self.fields[name].default for name, value in self.parameters.items())

    def varied(self, rows: Any, chance: Any) -> Any:
        """`rows`, (rows, …), varied by the random numbers of `chance`, a ``tf.random.Generator``."""
        raise NotImplementedError


class VariedNumbers(Augmentation):
    """For vectors and windows. A network that gives them back mends what was done to them.

    Vincent, Larochelle, Bengio & Manzagol: Extracting and composing robust features with denoising autoencoders, ICML 2008.
    """

    answer_varies = False

    input_noise: float = number(
        0.0, title=N_("Input noise"), low=0.0, high=10.0, advanced=True, group=GROUP,
        help=N_("Standard deviation of the noise added to the inputs in training, in units of the prepared columns."),
    )  # fmt: skip
    input_masking: float = number(
        0.0, title=N_("Hidden inputs"), low=0.0, high=0.9, advanced=True, group=GROUP,
        help=N_("Share of the input numbers replaced by 0 in training, each time others: the network must tell them from the rest."),
    )  # fmt: skip

    def varied(self, rows: Any, chance: Any) -> Any:
        import tensorflow as tf

        if self.input_noise:
            rows += self.input_noise * chance.normal(tf.shape(rows))
        if self.input_masking:
            rows = tf.where(chance.uniform(tf.shape(rows)) < self.input_masking, 0.0, rows)
        return rows


class VariedPictures(Augmentation):
    """For pictures, whose meaning does not change when they are moved a little, mirrored or lit differently."""

    answer_varies = True

    shift: float = number(
        0.0, title=N_("Shifts"), low=0.0, high=0.5, advanced=True, group=GROUP,
        help=N_("Pictures are moved by at most this share of their height and width in training. What comes in repeats the edge."),
    )  # fmt: skip
    mirror: str = choice(
        "none", title=N_("Mirrored"), advanced=True, group=GROUP,
        choices={"none": N_("Not"), "across": N_("Left and right"), "down": N_("Top and bottom"), "both": N_("Both ways")},
        help=N_("Half of the pictures are mirrored in training. Not where a mirrored picture would itself be unusual, such as a digit."),
    )  # fmt: skip
    brightness: float = number(
        0.0, title=N_("Brightness"), low=0.0, high=1.0, advanced=True, group=GROUP,
        help=N_("Pictures are made lighter or darker by at most this in training; 1 is from black to white."),
    )  # fmt: skip

    def varied(self, rows: Any, chance: Any) -> Any:
        import tensorflow as tf

        for axis in (1, 2) if self.shift else ():
            rows = _shifted(rows, axis, self.shift, chance)
        for axis, way in ((2, "across"), (1, "down")):
            if self.mirror in (way, "both"):
                rows = tf.where(chance.uniform((tf.shape(rows)[0], 1, 1, 1)) < 0.5, tf.reverse(rows, [axis]), rows)
        if self.brightness:
            change = chance.uniform((tf.shape(rows)[0], 1, 1, 1), -self.brightness, self.brightness)
            rows = tf.clip_by_value(rows + change, 0.0, 1.0)
        return rows


class VariedTexts(Augmentation):
    """For tokens: words go missing.

    Iyyer, Manjunatha, Boyd-Graber & Daumé: Deep unordered composition rivals syntactic methods, ACL 2015,
    doi:10.3115/v1/P15-1162.
    """

    answer_varies = True

    word_dropout: float = number(
        0.0, title=N_("Missing words"), low=0.0, high=0.9, advanced=True, group=GROUP,
        help=N_("Share of the words taken out of each text in training, each time others, so that no single word decides."),
    )  # fmt: skip

    def varied(self, rows: Any, chance: Any) -> Any:
        import tensorflow as tf

        return tf.where(chance.uniform(tf.shape(rows)) < self.word_dropout, 0.0, rows)


AUGMENTATIONS: Mapping[str, type[Augmentation]] = {
    "vectors": VariedNumbers, "windows": VariedNumbers, "pixels": VariedPictures, "tokens": VariedTexts,
}  # fmt: skip


def _shifted(pictures: Any, axis: int, most: float, chance: Any) -> Any:
    """Each picture moved along `axis` by whole pixels, at most the share `most` of its size either way."""
    import tensorflow as tf

    size = pictures.shape[axis]
    reach = int(most * size)
    by = chance.uniform((tf.shape(pictures)[0], 1), -reach, reach + 1, dtype=tf.int32)
    return tf.gather(pictures, tf.clip_by_value(tf.range(size)[None, :] + by, 0, size - 1), axis=axis, batch_dims=1)
