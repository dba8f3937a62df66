"""This program's own fields in FIT files, and how values are written in the format's units."""

from imu_stream.afterwards.export.activity import Measures
from imu_stream.afterwards.export.fit_messages import OwnField, Value
from imu_stream.datatypes import CueKind, StrikeType

APPLICATION_ID = bytes.fromhex("6f1d0a5c3b7e4d0f9a61c2e85b40d7f3")
"""Of this program's developer fields; made up once."""
LEAN = OwnField(0, "trunk_pitch", "deg")
TARGET = OwnField(1, "trunk_pitch_target", "deg")
ANGLE_LEFT = OwnField(2, "foot_strike_angle_left", "deg")
ANGLE_RIGHT = OwnField(3, "foot_strike_angle_right", "deg")
STRIKE_LEFT = OwnField(4, "RS_FootStrike_L", "", "UINT8")
STRIKE_RIGHT = OwnField(5, "RS_FootStrike_R", "", "UINT8")
CONTACT_LEFT = OwnField(6, "RS_ContactTime_L", "Milliseconds")
CONTACT_RIGHT = OwnField(7, "RS_ContactTime_R", "Milliseconds")
CUE = OwnField(8, "cue", "", "UINT8")
BELOW_TARGET = OwnField(9, "time_below_target", "s")
CUES = OwnField(10, "cues_total", "", "UINT16")
REARFOOT = OwnField(11, "rearfoot_percent", "%")
LOST = OwnField(12, "sensor_loss_percent", "%")
SOFTWARE = OwnField(13, "software", "", "STRING")
DEFINITIONS = OwnField(14, "definitions", "", "STRING")
PROFILES = OwnField(15, "profiles", "", "STRING")
CALIBRATION = OwnField(16, "calibration", "", "STRING")
SUBJECT = OwnField(17, "subject", "", "STRING")
OWN_FIELDS = (
    *(LEAN, TARGET, ANGLE_LEFT, ANGLE_RIGHT, STRIKE_LEFT, STRIKE_RIGHT),
    *(CONTACT_LEFT, CONTACT_RIGHT, CUE, BELOW_TARGET, CUES, REARFOOT, LOST),
    *(SOFTWARE, DEFINITIONS, PROFILES, CALIBRATION, SUBJECT),
)
CUE_NUMBERS = {kind: number for number, kind in enumerate(CueKind, start=1)}
"""In the cue field; 0 is a second without a cue."""


def dynamics(of: Measures, prefix: str) -> dict[str, Value]:
    """Running dynamics, in the units of the format: ms, mm, percent."""
    values = {
        "stance_time": times(of.contact_time_s, 1000.0),
        "stance_time_percent": times(of.duty_factor, 100.0),
        "stance_time_balance": times(of.left_share, 100.0),
        "vertical_oscillation": times(of.oscillation_m, 1000.0),
        "vertical_ratio": times(of.vertical_ratio, 100.0),
        "step_length": times(of.step_length_m, 1000.0),
    }
    return {f"{prefix}{name}": value for name, value in values.items()}


def times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def rotations(cadence_spm: float | None) -> tuple[int | None, float | None]:
    """Cadence as the format has it, of one foot: whole ones a minute, and the rest in 128ths."""
    if cadence_spm is None or not 0.0 <= cadence_spm < 500.0:
        return None, None
    whole, rest = divmod(round(64.0 * cadence_spm), 128)
    return whole, rest / 128.0


def strike_number(fsa_deg: float | None) -> int | None:
    """Foot strike on the scale of RunScribe: heel 0 to 5, midfoot 6 to 10, forefoot 11 to 16."""
    if fsa_deg is None:
        return None
    match StrikeType.of(fsa_deg):
        case StrikeType.REARFOOT:
            return round(_between(fsa_deg, (8.0, 5.0), (30.0, 0.0)))
        case StrikeType.MIDFOOT:
            return round(_between(fsa_deg, (-1.6, 10.0), (8.0, 6.0)))
        case StrikeType.FOREFOOT:
            return round(_between(fsa_deg, (-20.0, 16.0), (-1.6, 11.0)))
    return None


def _between(value: float, low: tuple[float, float], high: tuple[float, float]) -> float:
    """On a straight line from one point to another, and no farther."""
    share = (value - low[0]) / (high[0] - low[0])
    return low[1] + min(max(share, 0.0), 1.0) * (high[1] - low[1])
