"""Writes the Breast Cancer Wisconsin (Diagnostic) data that scikit-learn carries: ``python breast_cells.py OUT.csv``."""

from __future__ import annotations

import sys

import pandas as pd


def breast_cells() -> pd.DataFrame:
    """569 rows, 30 measurements and `diagnosis` (benign or malignant); benign is the normal one."""
    from sklearn.datasets import load_breast_cancer

    carried = load_breast_cancer(as_frame=True)
    cells = carried.data.rename(columns=lambda name: name.replace(" ", "_"))
    return cells.assign(diagnosis=[str(carried.target_names[target]) for target in carried.target])


if __name__ == "__main__":
    breast_cells().to_csv(sys.argv[1], index=False)
