"""Settings come from the environment, have safe defaults, and are refused in words."""

import re
from pathlib import Path

import pytest

from detectors.errors import AnomalystError
from detectors.settings import Settings


def test_defaults_keep_everything_in_the_home_folder(monkeypatch):
    for name in ("WORKSPACE", "DATABASE_URL", "PORT", "UPLOAD_MB"):
        monkeypatch.delenv(f"ANOMALYST_{name}", raising=False)
    settings = Settings.from_environment()
    assert settings.workspace == Path("~/.anomalyst").expanduser().resolve()
    assert settings.database_url == f"sqlite:///{settings.workspace / 'anomalyst.db'}"
    assert (settings.port, settings.upload_mb) == (8501, 200)


def test_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("ANOMALYST_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("ANOMALYST_PORT", "9000")
    assert (Settings.from_environment().workspace, Settings.from_environment().port) == (tmp_path.resolve(), 9000)


@pytest.mark.parametrize("text", ["0", "-1", "many", ""])
def test_a_setting_that_is_no_number_is_named(monkeypatch, text):
    monkeypatch.setenv("ANOMALYST_UPLOAD_MB", text)
    with pytest.raises(AnomalystError, match="ANOMALYST_UPLOAD_MB must be a whole number above 0"):
        Settings.from_environment()


def test_every_setting_is_in_the_docs():
    written = Path("docs/settings.md").read_text(encoding="utf-8")
    source = Path("detectors/settings.py").read_text(encoding="utf-8")
    names = ["WORKSPACE", "DATABASE_URL", *re.findall(r'_whole\("(\w+)"', source)]
    assert len(names) > 5
    assert [name for name in names if f"ANOMALYST_{name}" not in written] == []
