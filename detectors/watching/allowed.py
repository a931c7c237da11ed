"""Which folders of this machine the dashboard may watch: a watch shows what is in a file to whoever opens the page."""

from __future__ import annotations

import os
from pathlib import Path

from detectors.errors import ParameterError
from detectors.messages import N_, Message
from detectors.settings import Settings

NO_FOLDER = N_("There is no folder `{path}` on the machine where the dashboard runs.")
NOT_WHOLE = N_("Give the folder as a whole path from the root, such as /data/inbox. `{path}` is none.")
UNREADABLE = N_("The folder `{path}` cannot be looked into by the user who started the dashboard.")
OWN = N_("The folder `{path}` is part of the workspace, where Anomalyst keeps its own files. Choose another one.")
ELSEWHERE = N_("The folder `{path}` may not be watched. The owner of this server allows: {folders}.")
NONE = N_("No folder may be watched yet: others can open this dashboard, too. Its owner names folders in ANOMALYST_WATCH_FOLDERS.")
ANY = N_(
    "Any folder that the user who started the dashboard can read. On a server for several people, ANOMALYST_WATCH_FOLDERS limits that."
)
THESE = N_("Allowed by the owner of this server: {folders}, and folders inside.")


def what_is_allowed(settings: Settings) -> Message:
    """Which folders may be watched, in a sentence."""
    if settings.watch_folders:
        return Message(THESE, {"folders": ", ".join(map(str, settings.watch_folders))})
    return Message(ANY if settings.is_alone else NONE)


def may_watch(settings: Settings) -> bool:
    """Whether there is any folder that may be."""
    return bool(settings.watch_folders) or settings.is_alone


def allowed_folder(text: str, settings: Settings) -> Path:
    """The folder that `text` names, links and ``..`` resolved.

    Raises:
        ParameterError: there is none, it cannot be looked into, or it may not be watched.
    """
    if not may_watch(settings):
        raise ParameterError(NONE)
    path = Path(text.strip()).expanduser()
    if not path.is_absolute() or "\0" in text:
        raise ParameterError(NOT_WHOLE, path=text.replace("\0", ""))
    found = Path(os.path.realpath(path))
    if settings.watch_folders and not any(found.is_relative_to(folder) for folder in settings.watch_folders):
        raise ParameterError(ELSEWHERE, path=str(path), folders=", ".join(map(str, settings.watch_folders)))
    if found.is_relative_to(settings.workspace.resolve()):
        raise ParameterError(OWN, path=str(path))
    if not found.is_dir():
        raise ParameterError(NO_FOLDER, path=str(path))
    if not os.access(found, os.R_OK | os.X_OK):
        raise ParameterError(UNREADABLE, path=str(path))
    return found
