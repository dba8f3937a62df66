"""The ground under the foot: inclined, and passed by when the runner is not on a belt."""

import numpy as np

from imu_stream.acquisition.simulation.foot_knots import HIGH, LATE, NEXT_IC, Contacts
from imu_stream.acquisition.simulation.foot_path import Path
from imu_stream.acquisition.simulation.scenario import Scenario
from imu_stream.datatypes import Array


def slopes(now: Contacts, after: Contacts) -> list[Array]:
    """Slope (n,) of the ground that counts at every knot, rad."""
    between = (now.slope + after.slope) / 2
    return [*[now.slope] * HIGH, *[between] * (LATE - HIGH), *[after.slope] * (NEXT_IC - LATE + 1)]


def travel_knots(
    scenario: Scenario, now: Contacts, after: Contacts, knots: list[Array]
) -> list[Array]:
    """Jets (3, 2, n) of the way past the earth at every knot: forward and up, m.

    A foot on the ground must not slip on it: so for it, the way goes on as at contact.
    """
    on_ground = [_steady_travel(scenario, now, t) for t in knots[:HIGH]]
    in_swing = [scenario.travel_jet(t) for t in knots[HIGH:NEXT_IC]]
    return [*on_ground, *in_swing, _steady_travel(scenario, after, after.ic)]


def _steady_travel(scenario: Scenario, contacts: Contacts, t: Array) -> Array:
    """Jet (3, 2, n) of the way at contact and on, as fast as the ground then goes backward."""
    speed = contacts.speed * contacts.overground
    up = np.where(contacts.rise > 0.0, contacts.rise, np.sin(contacts.slope))
    forward = np.where(contacts.rise > 0.0, 1.0, np.cos(contacts.slope))
    velocity = speed * np.stack([forward, up])
    jet = np.zeros((3, 2, len(t)))
    jet[0] = scenario.travel_jet(contacts.ic)[0] + velocity * (t - contacts.ic)
    jet[1] = velocity
    return jet


def on_earth(paths: list[Path], slope: list[Array], travel: list[Array]) -> list[Path]:
    """Paths over the ground, given the slope and the travel at every knot, in earth axes."""
    return [
        (_placed(first, slope[k], travel[k]), _placed(last, slope[k + 1], travel[k + 1]))
        for k, (first, last) in enumerate(paths)
    ]


def _placed(jet: Array, slope: Array, travel: Array) -> Array:
    along, upright = jet[:, 0], jet[:, 1]
    cos, sin = np.cos(slope), np.sin(slope)
    return np.stack([cos * along - sin * upright, sin * along + cos * upright], axis=1) + travel
