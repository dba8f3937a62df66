"""When to speak to the runner."""
