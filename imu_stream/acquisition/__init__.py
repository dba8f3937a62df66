"""Sources of frames: the radio, a recording, a simulation."""
