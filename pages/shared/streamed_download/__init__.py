"""Large files to take away: written into a file of the workspace when they are asked for, and sent from there."""

from pages.shared.streamed_download.offers import File, offered

__all__ = ["File", "offered"]
