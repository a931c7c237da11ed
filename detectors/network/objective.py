"""What a training makes small: the loss of a batch, a price on large weights, and the loss of inputs made harder on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Loss = Callable[[Any, Any, Any], Any]
"""From what is wanted, what came out, and weights of the rows or None, to the loss of a batch."""


def batch_loss(network: Any, name: str | Callable[[Any, Any], Any], l2: float) -> Loss:
    """The mean of the rows' losses, with the penalties of the network's layers and `l2` times the squares of its kernels."""
    import keras
    import tensorflow as tf

    function = keras.losses.get(name)
    kernels = [weight for weight in network.trainable_variables if weight.name.endswith("kernel")] if l2 else []

    def loss(wanted: Any, output: Any, weight: Any) -> Any:
        losses = function(wanted, output)
        if weight is not None:
            losses = weight * tf.reduce_mean(tf.reshape(losses, (tf.shape(losses)[0], -1)), axis=1)
        prices = [l2 * tf.reduce_sum(tf.square(kernel.value)) for kernel in kernels]
        return tf.add_n([tf.reduce_mean(losses), *network.losses, *prices])

    return loss


def training_loss(network: Any, loss_of: Loss, step: float) -> Callable[[Any, Any, Any, Any], Any]:
    """A function from the gradient tape, what is shown, what is wanted and weights to the loss that is learned from.

    With a `step` above 0 it is the mean of the batch's loss and of that of the batch moved by so much along the sign of the
    gradient, where the loss rises fastest (Goodfellow, Shlens & Szegedy: Explaining and harnessing adversarial examples,
    2015, arXiv:1412.6572). Texts are moved where their words have become numbers (Miyato, Dai & Goodfellow 2017, arXiv:1605.07725).
    """
    import tensorflow as tf

    if not step:
        return lambda tape, shown, wanted, weight: loss_of(wanted, network(shown, training=True), weight)
    enter, go_on = _where_it_is_moved(network)

    def loss(tape: Any, shown: Any, wanted: Any, weight: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            entered = enter(shown)
            inner.watch(entered)
            plain = loss_of(wanted, go_on(shown, entered), weight)
        with tape.stop_recording():  # where to is looked up, not learned from
            direction = tf.sign(inner.gradient(plain, entered))
        return (plain + loss_of(wanted, go_on(shown, entered + step * direction), weight)) / 2

    return loss


def _where_it_is_moved(network: Any) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """The part of `network` before its inputs are numbers that can be moved, and the part from there on."""
    import tensorflow as tf
    from keras import Model, layers

    embedding = next((layer for layer in network.layers if isinstance(layer, layers.Embedding)), None)
    if embedding is None:
        return tf.identity, lambda shown, entered: network(entered, training=True)
    words, rest = Model(network.input, embedding.output), Model([network.input, embedding.output], network.output)
    return lambda shown: words(shown, training=True), lambda shown, entered: rest([shown, entered], training=True)
