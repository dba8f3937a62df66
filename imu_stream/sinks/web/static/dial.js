// The runner's trunk in its band. The tilt is drawn three times as large as it is.

const CENTRE = { x: 150, y: 246 };
const LOUPE = 3;
const LEAST_DEG = -5;
const MOST_DEG = 22;
const RADIUS = 212;
const TICKS_DEG = [0, 5, 10, 15, 20];

const clamp = (degrees) => Math.min(MOST_DEG, Math.max(LEAST_DEG, degrees));

function at(degrees, radius) {
  const angle = (clamp(degrees) * LOUPE * Math.PI) / 180;
  return { x: CENTRE.x + radius * Math.sin(angle), y: CENTRE.y - radius * Math.cos(angle) };
}

const spot = ({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;

function arc(fromDeg, toDeg) {
  return `M${spot(at(fromDeg, RADIUS))} A${RADIUS} ${RADIUS} 0 0 1 ${spot(at(toDeg, RADIUS))}`;
}

function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  return element;
}

export class Dial {
  constructor(root) {
    this.root = root;
    this.band = root.querySelector("#dial-band");
    this.target = root.querySelector("#dial-target");
    this.trunk = root.querySelector("#dial-trunk");
    root.querySelector("#dial-ring").setAttribute("d", arc(LEAST_DEG, MOST_DEG));
    const ticks = root.querySelector("#dial-ticks");
    for (const degrees of TICKS_DEG) {
      const { x, y } = at(degrees, RADIUS + 33);
      const label = svg("text", { x, y: y + 6 });
      label.textContent = `${degrees}°`;
      ticks.append(label);
    }
    this.lean(0);
  }

  lean(degrees) {
    this.trunk.style.transform = `rotate(${(clamp(degrees) * LOUPE).toFixed(1)}deg)`;
  }

  show(band) {
    this.band.setAttribute("d", band ? arc(band.low_deg, band.high_deg) : "");
    const mark = band && `M${spot(at(band.target_deg, RADIUS - 17))} L${spot(at(band.target_deg, RADIUS + 17))}`;
    this.target.setAttribute("d", mark ?? "");
  }

  say(words) {
    this.root.setAttribute("aria-label", words);
  }
}
