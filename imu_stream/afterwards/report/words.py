"""What the report calls things, and what they mean, in plain words."""

from imu_stream.datatypes import CueKind, GapReason

TECHNIQUES = {
    "heel_strike": "Heel strike",
    "midfoot": "Midfoot",
    "forefoot_upright": "Forefoot, upright",
    "forefoot_with_lean": "Forefoot with lean",
    "unknown": "Not known",
}
"""By the name in the summary."""

ADVICE = {
    CueKind.LEAN_MORE: "Lean forward",
    CueKind.LEAN_LESS: "Run a little taller",
    CueKind.CADENCE_MORE: "Shorter, quicker steps",
    CueKind.STRIKE_CHANGE: "Change how you land",
    CueKind.STRIKE_CHANGE: "Change how you land",
    CueKind.LEAN_GOOD: "Praise: lean is back",
    CueKind.CADENCE_GOOD: "Praise: cadence is back",
    CueKind.STRIKE_GOOD: "Praise: landing is back",
    CueKind.STRIKE_GOOD: "Praise: landing is back",
}

GAP_REASONS = {
    GapReason.LOST: "did not arrive",
    GapReason.CORRUPT: "arrived damaged",
    GapReason.NOT_A_NUMBER: "no number",
    GapReason.CLOCK: "the sensor's clock was set anew",
}

DEFINITIONS = (
    (
        "Trunk lean",
        "How far your trunk tips forward from where it was while you stood upright at the start, "
        "in degrees; the mean over one stride. Positive is forward.",
    ),
    (
        "Target band",
        "The lean you wanted to keep, with some room on both sides. Below or above it for several "
        "strides you get a cue.",
    ),
    (
        "Foot strike angle",
        "The angle between the sole and the ground when the shoe first touches it, zero when you "
        "stand. Toes up is positive.",
    ),
    (
        "Heel strike, midfoot, forefoot",
        "Strike angle above 8.0°, between −1.6° and 8.0°, and below −1.6° (Altman and Davis, "
        "2012). Near a border the call is a coin flip.",
    ),
    (
        "Forefoot with lean, forefoot upright",
        "Forefoot landings with your trunk at least 6° forward at that stride, and less than 6°.",
    ),
    (
        "Contact time",
        "How long the shoe is on the ground, from first to last touch.",
    ),
    (
        "Cadence",
        "Steps a minute, both feet counted.",
    ),
    (
        "Flight time",
        "How long both feet are off the ground between two steps.",
    ),
    (
        "Shoe roll",
        "How far the shoe rolls inward after landing. Of the shoe, not of the heel bone in it.",
    ),
    (
        "Shock",
        "Largest force a foot's sensor felt at landing, in multiples of gravity. It depends on "
        "the sensor and its rate: compare it only with yourself and the same sensors.",
    ),
    (
        "Difference of left and right",
        "Left minus right, as a share of the mean of both. Small differences are ordinary.",
    ),
    (
        "Confidence",
        "The probability, as the program reckons it, that a strike type is right.",
    ),
    (
        "Not measured",
        "Nothing is filled in where a sensor was silent: grey stretches in the charts are gaps.",
    ),
    (
        "Clock drift",
        "Every sensor has its own clock. How fast it runs against this computer's is measured and "
        "corrected; what a steady pace does not explain is given in milliseconds.",
    ),
    (
        "Kept without cues",
        "In a programme the last minutes are silent. How much of that time your lean stayed in "
        "its band shows what has become habit.",
    ),
)

LIMITS = (
    "Strike angle and contact time were compared with force plates and optical markers on 21 "
    "treadmill runs of 8 runners: strike type right for 97 % of landings, strike angle within "
    "1.5° (root mean square), contact time within 5 ms on average. Other shoes, ground and ways "
    "to fix a sensor were not part of it.",
    "Trunk lean has been compared with simulation only, never with motion capture. Take ±3° for "
    "its absolute value and ±1° for changes within one session.",
    "Changes from one of your sessions to the next, with the same sensors worn the same way, tell "
    "more than any single number.",
    "Forces, loads on joints and any risk of injury are not measured: sensors like these do not "
    "tell them.",
)
"""See docs/measurement.md for methods and all figures."""
