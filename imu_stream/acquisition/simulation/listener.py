"""A simulated runner who listens: stride by stride, so that policies of cueing can be compared.

The runner has a habit, the lean that comes of itself, and an effort above it. Advice is obeyed
with some probability after a few strides; then the effort is set anew, about as much as the target
asks for, and fades from then on, sooner the longer the run lasts; now and then it is forgotten
altogether, or thought of untold. Each session begins on target: the runner knows what is wanted,
with cues or without. The habit follows slowly what is held, and goes back in part until the next
session.

Every number is an assumption: nobody has measured how runners follow cues of trunk lean. The model
knows no dependence on feedback, so it can tell whether a gain stays when the cues fade, but not
whether it stays better than with cues that never fade.
"""

from dataclasses import dataclass
from math import exp, pi, sin

import numpy as np

from imu_stream.datatypes import Cue, CueKind, LeanState


@dataclass(frozen=True, slots=True)
class ListenerParams:
    """What kind of runner it is."""

    habit_deg: float = 5.0
    """Lean that comes of itself, before any training."""
    stride_s: float = 0.7
    known_later_s: float = 0.3
    """From a stride's end to when it is known, as with the real analysis."""

    # answering
    compliance: float = 0.85
    """Probability that a cue is obeyed."""
    delay_strides: tuple[int, int] = (2, 5)
    """From the cue to the first change, least and most."""
    rise_strides: int = 4
    """In which the new lean is taken on, half of what is missing in each."""
    aim_bias_deg: float = 0.5
    aim_sigma_deg: float = 0.8
    """A runner hits the target only about; of a new aim at each cue."""

    # fading
    forgetting_s: float = 150.0
    """Time constant of the effort."""
    fatigue_per_hour: float = 1.0
    """By so much of its first rate the effort fades faster after an hour, …"""
    sag_deg_per_hour: float = 1.0
    """… and the habit itself sinks."""
    lapses_per_minute: float = 0.1
    """How often it is forgotten altogether, …"""
    recalls_per_minute: float = 0.1
    """… and how often the runner thinks of it without being told."""

    # learning
    learning_s: float = 3600.0
    """Time constant with which the habit follows what is held."""
    kept: float = 0.8
    """Share of a session's learning that is there at the next."""

    # what is measured of it; together 0.8° for the mean of 4 strides (0.6 to 1°, derived)
    stride_sigma_deg: float = 1.2
    """From one stride to the next, independent."""
    wander_deg: float = 0.5
    wander_s: float = 20.0
    """Standard deviation and time constant of a slow natural variation."""
    breath_deg: float = 1.0
    """Amplitude of the tilt with each breath."""
    breath_s: float = 2.3
    cadence_sigma_spm: float = 1.5


class Listener:
    """Gives one stride after the other and hears cues in between; the same seed, the same runner.

    Args:
        target_deg: the lean the runner aims for when told to.
        params: what kind of runner it is.
        seed: of all that is random.
    """

    def __init__(self, target_deg: float, params: ListenerParams, seed: int) -> None:
        self._target_deg = target_deg
        self._params = params
        self._random = np.random.default_rng(seed)
        self._habit_deg = params.habit_deg
        self._start()

    def _start(self) -> None:
        self._begun_deg = self._habit_deg
        self._strides = 0
        self._effort_deg = 0.0
        self._wander_deg = 0.0
        self._delay = 0
        self._take_aim()

    @property
    def held_deg(self) -> float:
        """The lean that is held at present, without breath, chance and error: the truth."""
        return self._resting_deg() + self._effort_deg

    def hear(self, cue: Cue) -> None:
        """Takes a cue; praise changes nothing, nor does what is not about lean."""
        if cue.kind not in (CueKind.LEAN_MORE, CueKind.LEAN_LESS):
            return
        params, random = self._params, self._random
        if random.random() < params.compliance:
            self._delay = int(random.integers(*params.delay_strides, endpoint=True))
            self._take_aim()

    def _take_aim(self) -> None:
        params = self._params
        error_deg = self._random.normal(params.aim_bias_deg, params.aim_sigma_deg)
        self._aim_deg = self._target_deg + error_deg
        self._rising = params.rise_strides

    def let_go(self, lean_deg: float) -> None:
        """From now on nothing but this lean is held: the habit is lost at once."""
        self._habit_deg = lean_deg + self._hours() * self._params.sag_deg_per_hour
        self._effort_deg, self._rising = 0.0, 0

    def rest(self) -> None:
        """Ends the session; some of what was learnt in it is lost until the next."""
        kept = self._params.kept
        self._habit_deg = self._begun_deg + kept * (self._habit_deg - self._begun_deg)
        self._start()

    def run(self) -> LeanState:
        """The next stride."""
        self._answer()
        self._forget()
        self._learn()
        start_s = self._strides * self._params.stride_s
        self._strides += 1
        return self._measured(start_s)

    def _hours(self) -> float:
        return self._strides * self._params.stride_s / 3600.0

    def _resting_deg(self) -> float:
        return self._habit_deg - self._hours() * self._params.sag_deg_per_hour

    def _answer(self) -> None:
        if self._delay > 0:
            self._delay -= 1
        elif self._rising > 0:
            self._rising -= 1
            self._effort_deg += 0.5 * (self._aim_deg - self.held_deg)

    def _forget(self) -> None:
        params = self._params
        rate = (1.0 + params.fatigue_per_hour * self._hours()) / params.forgetting_s
        self._effort_deg *= exp(-params.stride_s * rate)
        if self._happens(params.lapses_per_minute):
            self._effort_deg = 0.0
        if self._happens(params.recalls_per_minute):
            self._take_aim()

    def _happens(self, per_minute: float) -> bool:
        return bool(self._random.random() < per_minute * self._params.stride_s / 60.0)

    def _learn(self) -> None:
        gained_deg = self._effort_deg * (
            1.0 - exp(-self._params.stride_s / self._params.learning_s)
        )
        self._habit_deg += gained_deg
        self._effort_deg -= gained_deg

    def _measured(self, start_s: float) -> LeanState:
        params, random = self._params, self._random
        stays = exp(-params.stride_s / params.wander_s)
        fresh_deg = random.normal(0.0, params.wander_deg * (1.0 - stays**2) ** 0.5)
        self._wander_deg = stays * self._wander_deg + fresh_deg
        breath_deg = params.breath_deg * sin(2.0 * pi * start_s / params.breath_s)
        chance_deg = random.normal(0.0, params.stride_sigma_deg)
        end_s = start_s + params.stride_s
        return LeanState(
            start_s,
            end_s,
            self.held_deg + self._wander_deg + breath_deg + chance_deg,
            side_lean_deg=0.0,
            cadence_spm=120.0 / params.stride_s + random.normal(0.0, params.cadence_sigma_spm),
            vertical_oscillation_m=0.08,
            valid=True,
            confidence=0.99,
            known_s=end_s + params.known_later_s,
        )
