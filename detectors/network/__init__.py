"""Layers, builders and the one training loop of the neural detectors.

Imported only while a detector fits or scores, because TensorFlow takes seconds to import.
"""

import os

# Both are read once, when Keras and TensorFlow are first imported. A `keras.json` in the home folder may name
# another backend, and TensorFlow greets every process with several lines about the machine.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
