"""Strides and interruptions as the cue policy gets them, made by hand."""

from dataclasses import replace
from typing import Any

from imu_stream.datatypes import (
    Gap,
    GapReason,
    LeanState,
    LinkPhase,
    LinkState,
    Placement,
    Stride,
    Strike,
    StrikeType,
)

CHEST, LEFT, RIGHT = Placement.CHEST, Placement.LEFT_FOOT, Placement.RIGHT_FOOT
STRIDE_S = 0.7
KNOWN_LATER_S = 0.3


def trunk_stride(start_s: float, lean_deg: float, stride_s: float = STRIDE_S) -> LeanState:
    end_s = start_s + stride_s
    return LeanState(
        start_s,
        end_s,
        lean_deg,
        side_lean_deg=0.0,
        cadence_spm=120.0 / stride_s,
        vertical_oscillation_m=0.08,
        valid=True,
        confidence=0.99,
        known_s=end_s + KNOWN_LATER_S,
    )


def stride(number: int, lean_deg: float, **changes: Any) -> LeanState:
    """One of a steady run, by its number."""
    return replace(trunk_stride(number * STRIDE_S, lean_deg), **changes)


def foot_stride(
    foot: Placement,
    start_s: float,
    strike_type: StrikeType,
    confidence: float = 0.95,
    stride_s: float = STRIDE_S,
) -> Stride:
    """A stride of a foot from `start_s`, and the landing that ends it."""
    ic_s = start_s + stride_s
    known_s = ic_s + KNOWN_LATER_S
    strike = Strike(foot, ic_s, 5.0, strike_type, confidence, running=True, known_s=ic_s + 0.06)
    return Stride(strike, ic_s + 0.25, stride_s, 0.45, 2.4, 3.4, 8.0, 9.0, False, known_s)


def gap(at_s: float, placement: Placement = CHEST, seconds: float = 0.2) -> Gap:
    return Gap(placement, at_s, at_s + seconds, GapReason.LOST, 40)


def lost(at_s: float, placement: Placement = CHEST) -> LinkState:
    return LinkState(at_s, placement, LinkPhase.LOST)
