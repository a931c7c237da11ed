"""The workspace: a folder for what is large, a database for what is small."""
