"""Where outputs go: sound, tables, summaries."""
