"""The config file: what is remembered from run to run."""
