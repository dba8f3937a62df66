"""The simulated runner who listens: what the comparison of cue policies stands on."""

from dataclasses import replace
from statistics import fmean, median, pstdev

import pytest
from cues import (
    CALM,
    DEAF,
    RUNNER,
    SHAKEN,
    Course,
    false_cues_per_hour,
    first_cue,
    programmes_of,
    run_course,
)

from imu_stream.acquisition.simulation.listener import Listener, ListenerParams
from imu_stream.cueing.presets import PRESETS, STANDARD, Preset
from imu_stream.datatypes import Cue, CueKind

TARGET_DEG = 8.0
PLAIN = ListenerParams(
    compliance=1.0,
    delay_strides=(3, 3),
    aim_bias_deg=0.0,
    aim_sigma_deg=0.0,
    lapses_per_minute=0.0,
    recalls_per_minute=0.0,
    fatigue_per_hour=0.0,
    sag_deg_per_hour=0.0,
    learning_s=1e9,
)
"""Nothing is left to chance but the noise."""


def held_of(listener: Listener, strides: int) -> list[float]:
    held_deg = []
    for _ in range(strides):
        listener.run()
        held_deg.append(listener.held_deg)
    return held_deg


def advice(kind: CueKind = CueKind.LEAN_MORE) -> Cue:
    return Cue(0.0, kind, 5.0, 6.5, 1.0)


def test_the_same_seed_is_the_same_runner() -> None:
    def strides(seed: int) -> list[object]:
        listener = Listener(TARGET_DEG, ListenerParams(), seed)
        return [listener.run() for _ in range(50)]

    assert strides(3) == strides(3)
    assert strides(3) != strides(4)


def test_what_is_held_fades_to_the_habit() -> None:
    held_deg = held_of(Listener(TARGET_DEG, PLAIN, 0), 2000)
    assert held_deg[4] == pytest.approx(TARGET_DEG, abs=0.3)
    after = held_deg[4 + round(PLAIN.forgetting_s / PLAIN.stride_s)] - PLAIN.habit_deg
    assert after == pytest.approx((held_deg[4] - PLAIN.habit_deg) / 2.718, rel=0.02)
    assert held_deg[-1] == pytest.approx(PLAIN.habit_deg, abs=0.01)


def test_advice_is_answered_after_the_delay() -> None:
    listener = Listener(TARGET_DEG, PLAIN, 0)
    held_of(listener, 2000)
    listener.hear(advice())
    held_deg = held_of(listener, 8)
    assert max(held_deg[:3]) == pytest.approx(PLAIN.habit_deg, abs=0.01)
    assert held_deg[3] > PLAIN.habit_deg + 1.0
    assert held_deg[6] == pytest.approx(TARGET_DEG, abs=0.3)


@pytest.mark.parametrize("kind", [CueKind.LEAN_GOOD, CueKind.CADENCE_MORE, CueKind.CADENCE_GOOD])
def test_praise_and_cadence_change_no_lean(kind: CueKind) -> None:
    listener, alone = Listener(TARGET_DEG, PLAIN, 0), Listener(TARGET_DEG, PLAIN, 0)
    held_of(listener, 100)
    held_of(alone, 100)
    listener.hear(advice(kind))
    assert held_of(listener, 20) == held_of(alone, 20)


def test_advice_is_obeyed_as_often_as_the_runner_is_willing() -> None:
    runner = replace(PLAIN, compliance=0.7, forgetting_s=5.0)
    listener = Listener(TARGET_DEG, runner, 1)
    obeyed = 0
    for _ in range(300):
        held_of(listener, 100)
        listener.hear(advice())
        obeyed += max(held_of(listener, 8)) > PLAIN.habit_deg + 1.0
    assert obeyed / 300 == pytest.approx(0.7, abs=0.08)


def test_the_noise_is_what_the_docs_say() -> None:
    listener = Listener(TARGET_DEG, replace(PLAIN, habit_deg=TARGET_DEG), 0)
    leans = [listener.run().lean_deg for _ in range(20_000)]
    smoothed = [fmean(leans[place : place + 4]) for place in range(len(leans) - 4)]
    assert fmean(leans) == pytest.approx(TARGET_DEG, abs=0.1)
    assert pstdev(smoothed) == pytest.approx(0.8, abs=0.05)


def test_learning_stays_in_part_over_a_rest() -> None:
    listener = Listener(TARGET_DEG, replace(PLAIN, learning_s=100.0, kept=0.5), 0)
    learnt_deg = held_of(listener, 3000)[-1] - PLAIN.habit_deg
    assert learnt_deg > 0.5
    listener.rest()
    assert listener.held_deg - PLAIN.habit_deg == pytest.approx(0.5 * learnt_deg, abs=0.02)


def course(preset: Preset, seed: int) -> Course:
    return run_course(Listener(TARGET_DEG, ListenerParams(), seed), PRESETS[preset], 20 * 60.0)


SPEAKING = [preset for preset in Preset if preset is not Preset.OFF]


@pytest.mark.parametrize("preset", SPEAKING)
@pytest.mark.parametrize("seed", [0, 1])
def test_who_listens_is_in_band_for_far_longer(preset: Preset, seed: int) -> None:
    cued, alone = course(preset, seed), course(Preset.OFF, seed)
    assert not alone.cues
    assert cued.in_band_percent() >= alone.in_band_percent() + 30.0
    assert 0 < cued.most_in_a_minute() <= PRESETS[preset].cap_per_minute


@pytest.mark.parametrize("preset", SPEAKING)
def test_a_fall_of_the_lean_is_cued_within_persistence_and_a_stride(preset: Preset) -> None:
    params = PRESETS[preset]
    cues = [first_cue(params, seed) for seed in range(41)]
    # from the first stride that is wrong: the smoothing adds nothing
    assert median(cue.strides for cue in cues) <= params.persistence_strides + 1.0
    assert median(cue.means for cue in cues) < params.persistence_strides


@pytest.mark.parametrize("preset", SPEAKING)
@pytest.mark.parametrize("runner", [CALM, DEAF, SHAKEN])
def test_a_runner_on_target_hears_at_most_one_false_cue_an_hour(
    preset: Preset, runner: ListenerParams
) -> None:
    params = PRESETS[preset]
    assert fmean(false_cues_per_hour(params, runner, seed) for seed in range(3)) <= 1.0


def test_most_of_the_gain_is_kept_in_the_silent_end_after_fading() -> None:
    kept = [programmes_of(RUNNER, STANDARD, seed).gain_kept for seed in range(3)]
    assert median(kept) >= 80.0
