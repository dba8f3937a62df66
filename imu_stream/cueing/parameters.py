"""What the cue policy is tuned by."""

from dataclasses import dataclass, field

from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.schedule import Programme


@dataclass(frozen=True, slots=True)
class CueParams:
    """All numbers of the policy; the defaults are the preset "standard".

    No trial of real-time trunk lean feedback exists; numbers without a source are design choices.
    """

    enabled: bool = True
    """False: nothing is ever said; the target is learnt all the same."""

    # the lean wanted
    baseline_s: float = 60.0
    """Steady running that gives the runner's own lean and cadence (design choice)."""
    step_deg: float = 3.0
    """Target above baseline. 6.8° more lean lowered the stress behind the kneecap by 6 % (Teng &
    Powers 2014); a lean of 8° by request cost 8 % more energy (Carson et al. 2024)."""
    target_min_deg: float = 6.0
    """Bounds of a target from the baseline; runners lean 7.3 ± 3.6° (Teng & Powers 2014)."""
    target_max_deg: float = 14.0
    no_increase_deg: float = 10.0
    """A runner who leans so far already is only kept there (design choice: no study shows a
    benefit of more)."""
    dead_band_deg: float = 1.75
    """Below means lean < target - dead band; good again at target - half of it."""
    dead_band_sd: float = 2.75
    """The band is widened to so many standard deviations of the runner's own smoothed lean in the
    time of the baseline, drift left out; 0: never. Lean smoothed over 4 strides varies by 0.6 to 1°
    (derived); who varies more from stride to stride would be cued without reason (simulation)."""
    dead_band_max_deg: float = 2.5
    """It is not widened beyond this."""
    over_deg: float = 6.0
    """Too far is so much above the target …"""
    over_least_deg: float = 15.0
    """… but never less than this (design choices; "flexed" runners lean 14.1 ± 4.8°, Teng & Powers
    2014)."""

    # the cadence wanted
    cadence_increase: float = 0.0
    """Fraction above the runner's own cadence; 0: no target. +5 to +10 % unload hip and knee
    (Heiderscheit et al. 2011, as remembered)."""
    cadence_dead_band: float = 0.02
    """Fraction of the target; good again at half of it."""

    # the landing wanted
    strike: WantedStrike = WantedStrike.ANY
    """How the feet shall land; any: no cue is about that."""
    strike_strides: int = 10
    """Landings of a foot that are judged together (design choice)."""
    strike_wrong_percent: float = 60.0
    """Out of band when more of them are of another type; good again at half of it."""
    strike_confidence: float = 0.8
    """A landing less certain than this never counts as wrong: above it all types were right on the
    treadmill recordings, below 70 to 80 % of them."""

    # when it counts
    smoothing_strides: int = 4
    """The mean of 4 strides leaves 0 to 22 % of a tilt at breathing rate, one stride 64 to 87 %
    (derived)."""
    persistence_strides: int = 7
    """Strides out of band before a cue, about 5 s: a dip in the road or a look at the watch is
    shorter (design choice). They count once the smoothed lean is out, and those in a row just
    before that were out by themselves count too."""
    over_persistence_strides: int = 8
    """The same for leaning too far, cadence and landings."""

    # how often
    minimum_interval_s: float = 12.0
    """From advice to advice (design choice: room to respond; feedback at every step makes
    dependent, Sigrist et al. 2013)."""
    response_wait_s: float = 6.0
    """Strides that begin earlier after a cue are no answer to it and do not count as below: 3 to 5
    strides to respond, 4 to refresh the smoothed lean (design choice)."""
    cap_per_minute: int = 4
    """Of all cues, praise too."""
    levels: int = 3
    """A cue without an answer is repeated so often, each time more clearly, …"""
    back_off_s: float = 30.0
    """… then after this time, then after twice as long, and so on: no nagging."""
    unanswered_cues: int = 4
    """So many cues in a row without an answer, and nothing is said for …"""
    silence_s: float = 180.0
    """… this time (design choices)."""
    praise_interval_s: float = 60.0
    """From praise to praise; 0: every return is praised."""
    expiry_s: float = 1.0
    """A cue speaks of the present; later than this it is not given (design choice)."""

    # when nothing counts
    start_blackout_s: float = 10.0
    """So long after running starts, or starts over (simulation, see the policy)."""
    change_blackout_s: float = 6.0
    """After a change of cadence: 1.3 to 2.0° off in simulation after a change of speed."""
    cadence_change: float = 0.08
    """Fraction of the mean of the last strides that makes a change (design choice)."""
    cadence_min_spm: float = 130.0
    """Slower is walking (design choice; runners take 150 to 190)."""
    cadence_max_spm: float = 220.0
    stale_s: float = 2.0
    """A longer time without a stride is a break in running, and a stride known later than this
    after its end says nothing of the present (design choice: 3 strides)."""
    gap_s: float = 0.1
    """Shorter spans of missing samples are bridged: 30 ms bursts put the lean off by 0.2°, 100 ms
    by 1.5° (simulation)."""

    programme: Programme = field(default_factory=Programme)
