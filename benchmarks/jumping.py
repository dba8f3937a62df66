"""Jumping on the spot with both feet: flight and impact as in running, but nobody goes anywhere."""

import numpy as np
from runs import table_of
from virtual import RATE_HZ, STAND_S

from imu_stream.acquisition.tables import Table
from imu_stream.datatypes import GRAVITY, MOTION, Array, Placement

FLIGHT_S, STANCE_S = 0.3, 0.25
TOE_DOWN_DEG = -35.0
"""Pitch of the foot in mid-flight; in mid-stance it is flat."""
PERIOD_S = FLIGHT_S + STANCE_S


def jumping_tables(seconds: float) -> tuple[Table, ...]:
    """What both feet and the chest measure: standing, then jumps one after the other."""
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return tuple(_table(t_s, placement) for placement in MOTION)


def _table(t_s: Array, placement: Placement) -> Table:
    since_s = np.clip(t_s - STAND_S, 0.0, None)
    jumps = t_s >= STAND_S
    force = np.where(jumps, _on_chest(since_s), GRAVITY)
    pitch = np.zeros(len(t_s))
    if placement.is_foot:
        force = np.where(jumps, _on_foot(since_s), GRAVITY)
        pitch = np.radians(TOE_DOWN_DEG) * _in_the_air(since_s)
    zero = np.zeros(len(t_s))
    acc = np.stack([force * np.sin(pitch), zero, force * np.cos(pitch)], axis=1)
    gyr = np.stack([zero, -np.gradient(pitch, t_s), zero], axis=1)
    return table_of(np.column_stack([t_s, acc, gyr]), placement)


def _phase_s(since_s: Array) -> Array:
    """Time since the last landing; the first jump begins in mid-stance."""
    return np.asarray((since_s + STANCE_S / 2.0) % PERIOD_S)


def _on_chest(since_s: Array) -> Array:
    """Half a sine in stance, strong enough to throw the body up; nothing in flight."""
    phase_s = _phase_s(since_s)
    peak = GRAVITY * PERIOD_S / STANCE_S * np.pi / 2.0
    return np.where(phase_s < STANCE_S, peak * np.sin(np.pi * phase_s / STANCE_S), 0.0)


def _on_foot(since_s: Array) -> Array:
    """An impact at landing, rest on the ground, nothing in flight."""
    phase_s = _phase_s(since_s)
    impact = 6.0 * GRAVITY * (phase_s / 0.01) * np.exp(1.0 - phase_s / 0.01)
    return np.where(phase_s < STANCE_S, GRAVITY + impact, 0.0)


def _in_the_air(since_s: Array) -> Array:
    """1 in mid-flight, 0 in mid-stance."""
    turn = 2.0 * np.pi * (_phase_s(since_s) - STANCE_S / 2.0) / PERIOD_S
    return np.asarray((1.0 - np.cos(turn)) / 2.0)
