"""Why a row got its score: SHAP values on the original columns, against what the detector expected to see."""
