"""What all neural detectors have in common: how they learn, how their weights are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector
from detectors.errors import DetectorError
from detectors.messages import N_, Message
from detectors.network.augmentation import AUGMENTATIONS, Augmentation
from detectors.params import choice, integer, number, switch

#: Groups of settings in the form.
LAYERS, REGULARISING, LEARNING = N_("Layers"), N_("Against learning by heart"), N_("How it learns")


OTHER_NETWORK = N_(
    "The earlier run has another network: `{setting}` is {there} there and {here} here. Take the earlier setting, or learn anew."
)


class NetworkDetector(Detector):
    """A detector that trains a network, `self._network`, made by `_build` from its parameters and `row_shape_`."""

    continues = True
    only_for_scores: ClassVar[frozenset[str]] = frozenset()
    """Parameters of a subclass that say nothing of its network, so that it may start from an earlier run with others."""

    _network: Any
    _earlier: Any = None
    """The detector of its class from whose weights it starts; None where it learns anew."""

    family = N_("Neural network")
    step_name = N_("epoch {done} of {total}")

    epochs: int = integer(
        30, title=N_("Epochs"), low=1, high=10_000, searched=False, help=N_("How often the network sees everything it learns from, at most.")
    )  # fmt: skip
    batch_size: int = integer(
        64, title=N_("Batch size"), low=1, high=65_536, searched=False,
        help=N_("How many rows, windows, pictures or texts make one learning step. Larger is faster, smaller learns finer."),
    )  # fmt: skip
    learning_rate: float = number(
        0.001, title=N_("Learning rate"), low=1e-6, high=1.0,
        help=N_("How far one step moves the weights. Too large and the loss jumps about or is no longer a number."),
    )  # fmt: skip
    early_stopping: bool = switch(
        True, title=N_("Stop early"), searched=False, help=N_("Ends training when the validation loss no longer falls, and keeps the best weights.")
    )  # fmt: skip
    dropout: float = number(
        0.0, title=N_("Dropout"), low=0.0, high=0.9, advanced=True, group=REGULARISING, searched=(0.0, 0.5),
        help=N_("Share of hidden neurons switched off at random in each training step."),
    )  # fmt: skip
    l2: float = number(
        0.0, title=N_("L2 penalty"), low=0.0, high=1.0, advanced=True, group=REGULARISING, help=N_("Price on large weights.")
    )  # fmt: skip
    adversarial_step: float = number(
        0.0, title=N_("Adversarial step"), low=0.0, high=10.0, advanced=True, group=REGULARISING,
        help=N_(
            "It also learns from inputs moved by so much in the direction that is hardest for it; takes about three times as long. "
            "In units of what the network sees: prepared columns, brightness from 0 to 1, the numbers of a word. 0: not at all."
        ),
    )  # fmt: skip
    optimizer: str = choice(
        "adam", title=N_("Optimizer"), choices={"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}, advanced=True, group=LEARNING,
        help=N_("The rule by which the weights learn from the loss."),
    )  # fmt: skip
    schedule: str = choice(
        "constant", title=N_("Learning rate over time"), advanced=True, group=LEARNING,
        choices={"constant": N_("Constant"), "cosine": N_("Falls to nothing"), "plateau": N_("Falls on a plateau")},
        help=N_("Falls along a cosine until the last epoch; or to a third whenever two epochs brought no smaller loss; or stays as it is."),
    )  # fmt: skip
    warm_up: float = number(
        0.0, title=N_("Warm-up, in epochs"), low=0.0, high=1000.0, advanced=True, group=LEARNING,
        help=N_("Over so many epochs the learning rate rises from nothing, so that the first steps do no harm."),
    )  # fmt: skip
    validation_share: float = number(
        0.1, title=N_("Validation share"), low=0.0, high=0.5, advanced=True, group=LEARNING,
        help=N_("Share of the training rows held back to watch the loss on rows the network does not learn from."),
    )  # fmt: skip
    patience: int = integer(
        5, title=N_("Patience"), low=1, high=1000, advanced=True, group=LEARNING,
        help=N_("Epochs without a smaller loss before training stops early."),
    )  # fmt: skip

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # What its inputs can be varied by follows, like its representation, from the folder it is in.
        augmentation = AUGMENTATIONS.get(cls.representation())
        for name, field in augmentation.fields.items() if augmentation else ():
            if not hasattr(cls, name):
                setattr(cls, name, field)
        super().__init_subclass__(**kwargs)

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return layers_table(self._network) if self.row_shape_ else None

    def start_from(self, folder: Path) -> Self:
        record = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
        why_not = self.cannot_start_from(record["representation"], record["detector"], record["parameters"])
        if why_not is not None:
            raise DetectorError(why_not.template, **why_not.values)
        self._earlier = type(self).load(folder)
        return self

    def cannot_start_from(self, representation: str, name: str, parameters: Mapping[str, Any]) -> Message | None:
        if (representation, name) != (self.representation(), self.name()):
            return super().cannot_start_from(representation, name, parameters)
        augmentation = AUGMENTATIONS[representation].fields
        settings = self.fields.keys() - NetworkDetector.fields.keys() - augmentation.keys() - self.only_for_scores
        for setting in (name for name in self.fields if name in settings):
            here, there = self.parameters[setting], parameters.get(setting, self.parameters[setting])
            if here != there:
                return Message(OTHER_NETWORK, {"setting": setting, "here": str(here), "there": str(there)})
        return None

    def _begin(self) -> None:
        """Makes the network, with starting weights that depend on the seed alone or are those of the earlier one.

        Every fit begins with it.
        """
        from detectors.network.training import seed_everything
        from detectors.network.weights import take_over

        seed_everything(self.seed)
        self._build()
        if self._earlier is not None:
            take_over(self._earlier._network, self._network)

    def _anew(self) -> Self:
        other = super()._anew()
        other._earlier = self._earlier
        return other

    def _build(self) -> None:
        """Makes `self._network`, untrained, and the functions that use it."""
        raise NotImplementedError

    def _options(self, loss: Any = "mse") -> Any:
        from detectors.network.training import TrainingOptions

        return TrainingOptions(
            optimizer=self.optimizer, learning_rate=self.learning_rate, loss=loss, batch_size=self.batch_size,
            epochs=self.epochs, validation_share=self.validation_share,
            patience=self.patience if self.early_stopping else None, seed=self.seed, schedule=self.schedule, warm_up=self.warm_up,
            l2=self.l2, adversarial_step=self.adversarial_step, augmentation=self._augmentation(),
        )  # fmt: skip

    def _augmentation(self) -> Augmentation | None:
        augmentation = AUGMENTATIONS.get(self.representation())
        return augmentation(**{name: getattr(self, name) for name in augmentation.fields}) if augmentation else None

    def _codes(self, X: NDArray[np.float32]) -> NDArray[np.float32] | None:
        from detectors.network.codes import codes

        return codes(self._network, self.row_shape_, X)

    def _built(self) -> Any:
        self._build()
        return self._network

    def _save(self, folder: Path) -> None:
        from detectors.network.weights import save_weights

        save_weights(self._network, folder)

    def _load(self, folder: Path) -> None:
        from detectors.network.weights import check_fits, load_weights

        check_fits(self._built, folder)
        self._build()
        load_weights(self._network, folder)


class StyledNetwork(NetworkDetector):
    """A network of layers whose activation and normalisation can be chosen."""

    activation: str = choice(
        "relu", title=N_("Activation"), advanced=True, group=LAYERS,
        choices={name: name for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear")},
        help=N_("The bend in every hidden neuron. With linear a network can do no more than principal components."),
    )  # fmt: skip
    normalisation: str = choice(
        "none", title=N_("Normalisation"), advanced=True, group=LAYERS,
        choices={"none": N_("None"), "batch": N_("Batch"), "layer": N_("Layer")},
        help=N_("Keeps the values between layers in one range, so that training goes faster and steadier."),
    )  # fmt: skip

    def _style(self) -> Any:
        from detectors.network.layers import LayerStyle

        return LayerStyle(self.activation, self.normalisation, self.dropout)
