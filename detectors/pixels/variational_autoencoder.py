"""A variational autoencoder for pictures."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.picture_detector import PaintedPictures
from detectors.params import Preset, integer, integers, number


class VariationalAutoencoder(PaintedPictures):
    """Each picture becomes a small cloud of codes rather than one code, and is painted again from the middle of its cloud."""

    title = N_("Variational autoencoder")
    summary = N_("Turns every picture into a small cloud of codes and measures how badly it is painted again.")
    reference = (
        "Kingma & Welling: Auto-encoding variational Bayes, ICLR 2014, arXiv:1312.6114; Baur, Wiestler, Albarqouni & Navab: Deep "
        "autoencoding models for unsupervised anomaly segmentation in brain MR images, 2018, arXiv:1804.04488"
    )
    when = N_("Hundreds of pictures or more of one thing, taken from one place, with noise or fine differences that do not matter.")
    when_not = N_(
        "Small flaws in fine texture, for it paints blurred: nearest patches see those. Pictures of many things in many places; "
        "few pictures, or many anomalies among the training pictures."
    )

    filters: tuple[int, ...] = integers(
        (16, 32, 64), title=N_("Filters"), low=1, high=1024,
        help=N_("Filters of each convolution on the way in; each one halves height and width."),
    )  # fmt: skip
    code: int = integer(
        16, title=N_("Code"), low=1, high=4096,
        help=N_("Numbers of the code. Those that are not worth their price become noise, so it may be generous."),
    )  # fmt: skip
    kl_weight: float = number(
        0.01, title=N_("Price of the clouds"), low=0.0, high=100.0,
        help=N_("What it costs that a picture's cloud of codes differs from all others (Kullback-Leibler divergence). More makes blurred pictures and more of them unusual."),
    )  # fmt: skip

    only_for_scores = PaintedPictures.only_for_scores | {"kl_weight"}
    presets: ClassVar = {
        "flaws": Preset(N_("Small flaws"), N_("Counts the worst region alone and keeps more detail."), {"score_of": "worst_region", "code": 64, "kl_weight": 0.001}),
    }  # fmt: skip
    quick: ClassVar = {"filters": [4, 8], "code": 4, "epochs": 5, "batch_size": 16, "learning_rate": 0.01}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return [*layers_table(self._halves.encoder), *layers_table(self._halves.decoder)] if self.row_shape_ else None

    def _made(self) -> Any:
        from detectors.network.pictures import PictureAutoencoderShape, variational_pictures

        height, width, channels = self.row_shape_
        sizes = PictureAutoencoderShape((height, width, channels), self.filters, self.code)
        self._halves = variational_pictures(sizes, self.kl_weight, self._style())
        return self._halves.network
