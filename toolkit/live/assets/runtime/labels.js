/* Words on a plot stand where nothing lies, as in labels.py: marks tell what they cover, and where a word may stand. */
const [SQUARE, LETTER] = [40, 80];
const [HATCHED, CROWDED, SOLID, WORD, OUTSIDE] = [4, 500, 1000, 3000, 1e6];
const NEAR = 100;

const textWidth = (text) => LETTER * text.length + (LETTER / 2) * (text.match(/[mwMW%]/g)?.length ?? 0);

function textBox([x, y, anchor], width) {
  const left = Math.floor(x - { start: 0, middle: 0.5, end: 1 }[anchor] * width);
  return [left - 20, y - 110, left + width + 20, y + 36];
}

const halfWidth = (text) => Math.ceil(textWidth(text) / 2) + 20;

class Labels {
  constructor(frame) {
    [this.width, this.height] = [10 * frame.width, 10 * frame.height];
    [this.columns, this.rows] = [Math.ceil(this.width / SQUARE), Math.ceil(this.height / SQUARE)];
    [this.squares, this.lines] = [0, 1].map(() => new Int32Array(this.columns * this.rows));
    [this.words, this.boxes, this.count] = [[], [], 0];
  }

  line() {
    this.count += 1;
    return 1 << this.count % 31;
  }

  box(left, top, right, bottom, weight = SOLID, line = 0) {
    const first = Math.max(Math.floor(left / SQUARE), 0);
    const last = Math.min(Math.floor(right / SQUARE), this.columns - 1);
    const lowest = Math.min(Math.floor(bottom / SQUARE), this.rows - 1);
    for (let row = Math.max(Math.floor(top / SQUARE), 0); row <= lowest; row += 1)
      for (let i = row * this.columns + first; i <= row * this.columns + last; i += 1) {
        if (this.squares[i] < weight) this.squares[i] = weight;
        this.lines[i] |= line;
      }
  }

  path(points, line = 0) {
    for (let k = 1; k < points.length; k += 1) {
      const turned = points[k - 1][0] > points[k][0];
      const [[x0, y0], [x1, y1]] = [points[turned ? k : k - 1], points[turned ? k - 1 : k]];
      const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;
      const last = Math.min(Math.floor(x1 / SQUARE), this.columns - 1);
      for (let column = Math.max(Math.floor(x0 / SQUARE), 0); column <= last; column += 1) {
        const [left, right] = [Math.max(x0, SQUARE * column), Math.min(x1, SQUARE * (column + 1))];
        const [enters, leaves] = [y0 + slope * (left - x0), x1 > x0 ? y0 + slope * (right - x0) : y1];
        this.box(left, Math.min(enters, leaves), left, Math.max(enters, leaves), SOLID, line);
      }
    }
  }

  word(look, text, places, rank, line = 0) {
    if (text && places.length) this.words.push({ rank, look, text, places, line });
  }

  svg() {
    return this.words.sort((a, b) => a.rank - b.rank).map(({ look, text, places, line }) => {
      const [x, y, anchor, lead] = this.best(text, places, line);
      this.boxes.push(textBox([x, y, anchor], textWidth(text)));
      return (lead ? `<path class="live-lead" d="M${lead[0]} ${lead[1]}V${y + 40}"/>` : "") + `<text class="live-${look.kind}-word" style="--live-ink:var(--live-${look.role}-word)"` +
        ` x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;
    }).join("");
  }

  /* The place where a word covers least. */
  best(text, places, line = 0) {
    this.sums ??= this.summed();
    const width = textWidth(text);
    let [best, least] = [places[0], Infinity];
    for (let k = 0; k < places.length && k < least; k += 1) {
      const cost = this.cost(textBox(places[k], width), line) + k;
      if (cost < least) [best, least] = [places[k], cost];
    }
    return best;
  }

  summed() {
    const stride = this.columns + 1;
    const sums = new Int32Array(stride * (this.rows + 1));
    for (let row = 0; row < this.rows; row += 1)
      for (let column = 0, here = 0; column < this.columns; column += 1) {
        here += this.squares[row * this.columns + column];
        sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + here;
      }
    return sums;
  }

  cost([left, top, right, bottom], line) {
    if (left < 0 || top < 0 || right > this.width || bottom > this.height) return OUTSIDE;
    const [first, last] = [Math.floor(left / SQUARE), Math.floor((right - 1) / SQUARE) + 1];
    const [upper, lower] = [Math.floor(top / SQUARE), Math.floor((bottom - 1) / SQUARE) + 1].map((row) => row * (this.columns + 1));
    const { sums } = this;
    let cost = sums[lower + last] - sums[lower + first] - sums[upper + last] + sums[upper + first];
    for (const [l, t, r, b] of this.boxes) {
      const [across, down] = [Math.min(right, r) - Math.max(left, l), Math.min(bottom, b) - Math.max(top, t)];
      if (across > 0 && down > 0) cost += WORD * Math.ceil((across * down) / SQUARE ** 2);
    }
    return line && cost < SOLID && this.crowded([left, top, right, bottom], line) ? cost + CROWDED : cost;
  }

  /* Whether another line is near. */
  crowded([left, top, right, bottom], line) {
    const last = Math.min(Math.floor((right + NEAR) / SQUARE), this.columns - 1);
    const lower = Math.min(Math.floor((bottom + NEAR) / SQUARE), this.rows - 1);
    for (let row = Math.max(Math.floor((top - NEAR) / SQUARE), 0); row <= lower; row += 1)
      for (let column = Math.max(Math.floor((left - NEAR) / SQUARE), 0); column <= last; column += 1)
        if (this.lines[row * this.columns + column] & ~line) return true;
    return false;
  }
}
