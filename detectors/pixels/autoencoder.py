"""An autoencoder for pictures, convolutional or dense."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.picture_detector import PaintedPictures
from detectors.params import Preset, choice, integer, integers


class PictureAutoencoder(PaintedPictures):
    """A network squeezes each picture through a narrow layer and paints it again; what it cannot paint is unusual."""

    title = N_("Autoencoder")
    summary = N_("Squeezes every picture through a narrow network and measures how badly it is painted again.")
    reference = (
        "Masci, Meier, Cireşan & Schmidhuber: Stacked convolutional auto-encoders for hierarchical feature extraction, "
        "ICANN 2011, doi:10.1007/978-3-642-21735-7_7"
    )
    when = N_(
        "Hundreds of pictures or more of one thing, taken from one place: parts, tiles, scans. Shows where in the picture it is unusual."
    )
    when_not = N_(
        "Pictures of many things in many places: plain ones are painted well whatever they show, and score low. "
        "Feature statistics see those better. Also few pictures, or many anomalies among the training pictures."
    )

    shape: str = choice(
        "convolutional", title=N_("Network"), choices={"convolutional": N_("Convolutional"), "dense": N_("Dense")},
        help=N_("Convolutional looks at neighbouring pixels together; dense gives every pixel its own weights, for small pictures."),
    )  # fmt: skip
    filters: tuple[int, ...] = integers(
        (16, 32, 64), title=N_("Filters"), low=1, high=1024,
        help=N_("Filters of each convolution on the way in; each one halves height and width. For the convolutional network."),
    )  # fmt: skip
    bottleneck: int = integer(
        8, title=N_("Bottleneck"), low=0, high=4096,
        help=N_("Numbers a picture is squeezed into by the convolutional network. Smaller makes more pictures unusual. 0 leaves this layer out."),
    )  # fmt: skip
    encoder: tuple[int, ...] = integers(
        (128, 64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer on the way in, mirrored on the way out. For the dense network."),
    )  # fmt: skip

    presets: ClassVar = {
        "dense_128_64_32": Preset(
            N_("784-128-64-32 as for MNIST"), N_("Dense layers of 128, 64 and 32, mirrored, with binary cross-entropy. For small grey pictures."),
            {"shape": "dense", "encoder": (128, 64, 32), "normalisation": "none", "loss": "binary_crossentropy", "score_of": "mean"},
        ),
        "flaws": Preset(
            N_("Small flaws"), N_("Counts the worst region alone and squeezes less, so that fine texture is painted again."),
            {"score_of": "worst_region", "bottleneck": 64},
        ),
    }  # fmt: skip
    quick: ClassVar = {"filters": [4, 8], "bottleneck": 4, "epochs": 5, "batch_size": 16, "learning_rate": 0.01}

    def _made(self) -> Any:
        from detectors.network.pictures import PictureAutoencoderShape, convolutional_autoencoder, dense_picture_autoencoder

        height, width, channels = self.row_shape_
        if self.shape == "dense":
            return dense_picture_autoencoder((height, width, channels), self.encoder, self._style())
        return convolutional_autoencoder(PictureAutoencoderShape((height, width, channels), self.filters, self.bottleneck), self._style())
