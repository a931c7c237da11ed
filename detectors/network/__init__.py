"""Layers, builders and the one training loop of the neural detectors.

Imported only while a detector fits or scores, because TensorFlow takes seconds to import.
"""

import os

# Read once, when Keras is first imported and TensorFlow first computes. A `keras.json` in the home folder may name
# another backend. TensorFlow greets every process with several lines about the machine. And the small operations of
# a training follow one another: handing them from thread to thread costs a fifth of its time, while large ones still
# share all cores.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
