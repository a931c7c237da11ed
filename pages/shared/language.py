"""Sentences as they are shown: translated, numbers readable, and data never taken for markup."""

from __future__ import annotations

import gettext
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from detectors.messages import Message, shown

TRANSLATIONS = Path(__file__).parents[2] / "assets" / "translations"

#: Characters that Markdown, as Streamlit renders it, gives a meaning to.
_MEANING = re.compile(r"([\\`*_{}\[\]<>#$~|!:()+\-.=])")


def translate(template: str) -> str:
    """The template in the reader's language; English until there is a catalogue for another."""
    return gettext.translation("anomalyst", TRANSLATIONS, fallback=True).gettext(template) if template else ""


def plain(template: str, **values: Any) -> str:
    """A sentence for places that show text as it stands: cells, options, file names, alternative texts."""
    return Message(template, values).text(translate)


def say(template: str, **values: Any) -> str:
    """A sentence for places that render Markdown: labels, captions, metrics. Values are data and are escaped."""
    return say_message(Message(template, values))


def say_message(message: Message) -> str:
    """A message of the engine, for places that render Markdown. A value between backticks is shown as code."""
    texts = {name: shown(value) for name, value in message.values.items()}
    literal = {name: text.replace("`", "'").replace("\n", " ") for name, text in texts.items()}
    escaped = {name: escape(text) for name, text in texts.items()}
    parts = re.split(r"(`[^`]*`)", translate(message.template))
    return "".join(part.format(**(literal if part.startswith("`") else escaped)) for part in parts)


def escape(text: str) -> str:
    """Text from data, safe inside Markdown."""
    return _MEANING.sub(r"\\\1", text).replace("\n", " ")


def clock(moment: datetime) -> str:
    """A stored moment (UTC) as the reader's clock time, with the date when it is not today's."""
    from datetime import UTC

    local = moment.replace(tzinfo=UTC).astimezone()
    today = local.date() == datetime.now().astimezone().date()
    return local.strftime("%H:%M" if today else "%d %b %H:%M")


def file_size(count: int) -> str:
    """So many bytes in the unit that leaves one to three digits before the point."""
    size, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"


def percent(share: float) -> str:
    """A share as a percentage with at most three significant digits."""
    return f"{100 * share:.3g} %"
