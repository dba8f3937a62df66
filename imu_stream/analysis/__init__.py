"""Pure, synchronous stages: block in, list out."""
