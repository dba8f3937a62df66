"""Arrays and constants that every station knows."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Triple = tuple[float, float, float]

Rotation = tuple[Triple, Triple, Triple]
"""Rotation matrix by rows."""

GRAVITY = 9.80665
"""Standard gravity, m/s²."""
