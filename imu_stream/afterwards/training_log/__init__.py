"""The training log: a folder of sessions that the user owns, and what was derived of them."""
