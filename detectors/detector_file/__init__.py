"""The detector file: one zip with everything needed to score new data. No pickle inside; its manifest is plain JSON.

======================  =====================================================================
``manifest.json``       what the file is, and the SHA-256 of every other member
``card.md``             the same for people, and which training rows it carries
``signature.json``      optional: that this installation wrote the manifest
``detector/``           what the detector's `save` wrote
``preparation/``        what the preparation's `save` wrote
``background.npy``      a few usual rows, prepared, that explanations compare with
``canaries.npz``        a hundred prepared items with their scores
``engine.zip``          the source that scores, for `score.py`
``requirements.txt``    the library versions that it was written with
``score.py``            scores a file without an installed Anomalyst
======================  =====================================================================
"""
