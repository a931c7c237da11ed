"""What a page lists to be judged, read from what it sends to the browser."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def listed(app: AppTest, key: str = "flagged_list") -> dict[str, Any]:
    """Everything that the list is told."""
    sent = next(element.proto for element in app.get("bidi_component") if element.proto.id.endswith(f"-{key}"))
    found: dict[str, Any] = json.loads(sent.json)
    return found


def column(app: AppTest, title: str, key: str = "flagged_list") -> list[Any]:
    """The cells of one column, from top to bottom."""
    data = listed(app, key)
    place = [shown["title"] for shown in data["columns"]].index(title)
    return [item["cells"][place] for item in data["items"]]


def rows(app: AppTest, key: str = "flagged_list") -> list[int]:
    """The first row of every item, from 0, in their order."""
    return [item["spans"][0][0] for item in listed(app, key)["items"]]
