// What the page says in words.

export const CUES = {
  lean_more: { words: "Lean forward", how: "from the ankles", tone: "warn" },
  lean_less: { words: "Run a little taller", how: "you lean far", tone: "warn" },
  lean_good: { words: "Good", how: "your lean is back", tone: "good" },
  cadence_more: { words: "Quicker, shorter steps", how: "", tone: "warn" },
  cadence_good: { words: "Good", how: "your cadence is back", tone: "good" },
  strike_change: { words: "Land as planned", how: "", tone: "warn" },
  strike_good: { words: "Good", how: "your landing is back", tone: "good" },
};

export const STRIKES = {
  rearfoot: { letter: "R", words: "rearfoot" },
  midfoot: { letter: "M", words: "midfoot" },
  forefoot: { letter: "F", words: "forefoot" },
  unknown: { letter: "?", words: "not measured" },
};

export const TECHNIQUES = {
  forefoot_with_lean: "Forefoot with lean",
  forefoot_upright: "Forefoot upright",
  midfoot: "Midfoot",
  heel_strike: "Heel strike",
  unknown: "Not known",
};

export const PLACES = {
  left_foot: "Left foot",
  right_foot: "Right foot",
  chest: "Chest",
  heart: "Heart rate",
  pod: "Pod",
  buzzer: "Buzzer",
};

export const MOMENTS = {
  cue: "Cue",
  gap: "Not measured",
  notice: "Notice",
  pause: "Paused",
  resume: "Started again",
  lap: "Lap",
  note: "Note",
  target: "Target",
  lost: "Sensor lost",
};

// What a cue says, with the foot and the landing that it asks for.
export function cueWords({ cue, where, technique }) {
  const { words, how, tone } = CUES[cue];
  if (!cue.startsWith("strike")) return { words, how, tone };
  const asked = technique === "unknown" ? how : TECHNIQUES[technique].toLowerCase();
  return { words: `${PLACES[where]}: ${words.toLowerCase()}`, how: asked, tone };
}

export function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

export function aboutAge(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
