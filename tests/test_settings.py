"""Settings come from the environment, have safe defaults, and are refused in words."""

from dataclasses import fields
from pathlib import Path

import pytest

from detectors.errors import AnomalystError
from detectors.settings import Settings


def test_defaults_keep_everything_in_the_home_folder(monkeypatch):
    for name in ("WORKSPACE", "DATABASE_URL", "PORT", "UPLOAD_MB", "LARGE_UPLOAD_MB", "KEEP_FREE_MB", "FOLDER", "URLS"):
        monkeypatch.delenv(f"ANOMALYST_{name}", raising=False)
    settings = Settings.from_environment()
    assert settings.workspace == Path("~/.anomalyst").expanduser().resolve()
    assert settings.database_url == f"sqlite:///{settings.workspace / 'anomalyst.db'}"
    assert (settings.port, settings.upload_mb, settings.large_upload_mb, settings.keep_free_mb) == (8501, 200, 20_000, 1_000)
    assert (settings.folder, settings.urls) == (None, ())


def test_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("ANOMALYST_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("ANOMALYST_PORT", "9000")
    assert (Settings.from_environment().workspace, Settings.from_environment().port) == (tmp_path.resolve(), 9000)


@pytest.mark.parametrize("text", ["0", "-1", "many", ""])
def test_a_setting_that_is_no_number_is_named(monkeypatch, text):
    monkeypatch.setenv("ANOMALYST_UPLOAD_MB", text)
    with pytest.raises(AnomalystError, match="ANOMALYST_UPLOAD_MB must be a whole number above 0"):
        Settings.from_environment()


def test_a_folder_that_is_none_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("ANOMALYST_FOLDER", str(tmp_path))
    assert Settings.from_environment().folder == tmp_path.resolve()
    monkeypatch.setenv("ANOMALYST_FOLDER", str(tmp_path / "none"))
    with pytest.raises(AnomalystError, match="ANOMALYST_FOLDER must name a folder"):
        Settings.from_environment()


def test_urls_are_beginnings_in_object_stores_and_nothing_else(monkeypatch):
    monkeypatch.setenv("ANOMALYST_URLS", "s3://plant/exports/  gs://archive")
    assert Settings.from_environment().urls == ("s3://plant/exports/", "gs://archive")
    for text in ("file:///data", "https://example.org/", "s3://", "plant"):
        monkeypatch.setenv("ANOMALYST_URLS", text)
        with pytest.raises(AnomalystError, match="ANOMALYST_URLS must hold beginnings of URLs"):
            Settings.from_environment()


def test_every_setting_is_in_the_docs():
    written = Path("docs/settings.md").read_text(encoding="utf-8")
    names = [field.name.upper() for field in fields(Settings)]
    assert [name for name in names if f"`ANOMALYST_{name}`" not in written] == []


def test_the_author_is_who_started_the_server_unless_named(monkeypatch):
    monkeypatch.setenv("ANOMALYST_AUTHOR", " Ada ")
    assert Settings.from_environment().author == "Ada"
    monkeypatch.setenv("ANOMALYST_AUTHOR", "")
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert Settings.from_environment().author == "grace"

    def nobody():
        raise OSError("no entry")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert Settings.from_environment().author == "local"


def test_what_a_watch_needs_is_checked_when_the_server_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("ANOMALYST_WATCH_FOLDERS", str(tmp_path))
    monkeypatch.setenv("ANOMALYST_ADDRESS", "https://anomalyst.example.org/")
    monkeypatch.setenv("ANOMALYST_SMTP", "mail.example.org:587")
    settings = Settings.from_environment()
    assert (settings.watch_folders, settings.link_base, settings.is_alone) == (
        (tmp_path.resolve(),),
        "https://anomalyst.example.org",
        False,
    )
    for name, text in (("WATCH_FOLDERS", str(tmp_path / "none")), ("ADDRESS", "anomalyst.example.org"), ("SMTP", "mail.example.org")):
        with monkeypatch.context() as patched:
            patched.setenv(f"ANOMALYST_{name}", text)
            with pytest.raises(AnomalystError, match=f"ANOMALYST_{name} must"):
                Settings.from_environment()


def test_links_lead_to_this_machine_unless_an_address_is_set(monkeypatch):
    monkeypatch.delenv("ANOMALYST_ADDRESS", raising=False)
    monkeypatch.setenv("ANOMALYST_PORT", "9000")
    assert (Settings.from_environment().link_base, Settings.from_environment().is_alone) == ("http://127.0.0.1:9000", True)
