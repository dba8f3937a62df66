"""Where outputs go while a session lasts: outputs of cues, the live page, tables, the summary."""
