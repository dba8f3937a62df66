// A cue as tones on the audio clock, the same tones the computer plays.

const AHEAD_S = 0.01;
const STEPS = 32;

// From 0 to 1 as a squared sine: a tone that starts at once clicks.
const SWELL = Float32Array.from({ length: STEPS }, (_, n) => Math.sin((n / (STEPS - 1)) * (Math.PI / 2)) ** 2);

const scaled = (curve, peak) => curve.map((value) => value * peak);

export function playTones(context, tones, peak, fadeS) {
  let atS = context.currentTime + AHEAD_S;
  for (const tone of tones) {
    playTone(context, tone, atS, peak, fadeS);
    atS += tone.duration_s + tone.pause_s;
  }
}

function playTone(context, tone, atS, peak, fadeS) {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = tone.pitch_hz;
  gain.gain.setValueAtTime(0, 0);
  gain.gain.setValueCurveAtTime(scaled(SWELL, peak), atS, fadeS);
  gain.gain.setValueCurveAtTime(scaled(SWELL.toReversed?.() ?? [...SWELL].reverse(), peak), atS + tone.duration_s - fadeS, fadeS);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(atS);
  oscillator.stop(atS + tone.duration_s + 0.01);
}
