"""Version of what the derived quantities mean; changes only when a definition does."""

DEFINITIONS = "1"
