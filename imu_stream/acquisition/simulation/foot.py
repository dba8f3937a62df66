"""The foot of the virtual runner: heel, sole or toes move with the ground, the swing is smooth.

The axes of the segment are those of its swing: x points forward in the plane in which the foot
swings, and the long axis of the foot outward of it.
"""

from collections.abc import Sequence

import numpy as np

from imu_stream.acquisition.simulation.foot_angles import (
    inversion_knots,
    pitch_knots,
    toe_out_knots,
)
from imu_stream.acquisition.simulation.foot_ground import on_earth, slopes, travel_knots
from imu_stream.acquisition.simulation.foot_knots import Contacts, knot_times
from imu_stream.acquisition.simulation.foot_path import (
    SENSOR_HEIGHT_M,
    landing_velocity,
    levers,
    paths,
)
from imu_stream.acquisition.simulation.pieces import Pieces, Ringing, interleave, quintic
from imu_stream.acquisition.simulation.scenario import Scenario
from imu_stream.acquisition.simulation.steps import Contact
from imu_stream.datatypes import Array, Placement

LANDING = Ringing(decay=90 + 50j, cubic=(1.0, 0.75, 0.0))
"""How shoe and laces take up the landing velocity: hardest after 9 ms, gone after 60 ms."""


def foot_pieces(foot: Placement, contacts: Sequence[Contact], scenario: Scenario) -> Pieces:
    """Motion of the sensor from the first to the last of at least two contacts of one foot."""
    every = Contacts.of(contacts)
    now, after = every.part(slice(None, -1)), every.part(slice(1, None))
    knots = knot_times(now, after)
    pitch = pitch_knots(now, after, knots)
    slope = slopes(now, after)
    tilted = [_tilted(*pair) for pair in zip(pitch, slope, strict=True)]
    sideways = _sideways_knots(foot, now, after, knots)
    travel = travel_knots(scenario, now, after, knots)
    pieces = [
        quintic(
            _coordinates(first, tilted[k], sideways[k]),
            _coordinates(last, tilted[k + 1], sideways[k + 1]),
            knots[k + 1] - knots[k],
        )
        for k, (first, last) in enumerate(on_earth(paths(now, after, knots, pitch), slope, travel))
    ]
    return Pieces(
        start=interleave(knots[:-1]),
        end_s=float(every.ic[-1]),
        coefficients=interleave([np.moveaxis(piece, 2, 0) for piece in pieces]),
        lever=interleave(levers(now)),
        impact_s=np.repeat(now.ic, len(pieces)),
        impact=np.repeat(landing_velocity(now), len(pieces), axis=0),
        ringing=LANDING,
    )


def _tilted(pitch_deg: Array, slope: Array) -> Array:
    """Jet of the angle about the left axis (3, n) in rad: toe up is a negative turn about it."""
    turn = np.radians(-pitch_deg)
    turn[0] -= slope
    return turn


def _coordinates(path: Array, pitch: Array, sideways: Array) -> Array:
    """All six coordinates' jets (3, 6, n)."""
    x, z = path[:, 0], path[:, 1]
    y, roll, yaw = sideways
    return np.stack([x, y, z, pitch, roll, yaw], axis=1)


def _sideways_knots(
    foot: Placement, now: Contacts, after: Contacts, knots: list[Array]
) -> list[Array]:
    """Jets (3 coordinates, 3, n) of y, roll and yaw at the knots; the feet mirror each other."""
    outward = 1.0 if foot is Placement.LEFT_FOOT else -1.0
    sideways = []
    for inversion, toe_out in zip(
        inversion_knots(now, after, knots), toe_out_knots(now, after, knots), strict=True
    ):
        roll, yaw = -outward * np.radians(inversion), outward * np.radians(toe_out)
        sideways.append(np.stack([-SENSOR_HEIGHT_M * roll, roll, yaw]))
    return sideways
