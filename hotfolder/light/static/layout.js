// A justified layout: pictures of all shapes in rows of one width. Pure, and linear in their number.

const MOST_CHANGE = 2; // as many times larger or smaller may pictures be to fill a row

/**
 * Rows of pictures with these shapes (width / height, in thousandths).
 *
 * Rows are filled from the end that does not change: with `fromEnd` the last picture is at the end
 * of a full row, and pictures that come in front change no row but the first two.
 * Returns {starts, tops, heights, height}: the first picture of each row, where it begins and how
 * high it is, in px; `starts` and `tops` have one more entry for the end.
 */
export function pack(shapes, width, target, gap, fromEnd) {
  const count = shapes.length;
  const shape = (n) => shapes[fromEnd ? count - 1 - n : n];
  const rows = []; // [how many pictures, the sum of their shapes]
  let ratio = 0;
  let length = 0;
  const full = () => (ratio / 1000) * target + (length - 1) * gap >= width;
  for (let n = 0; n < count; n++) {
    ratio += shape(n);
    length += 1;
    if (full()) {
      rows.push([length, ratio]);
      ratio = 0;
      length = 0;
    }
  }
  const filling = ([size, sum]) => ((width - (size - 1) * gap) * 1000) / sum; // the height for it
  if (length) rows.push(...ended(rows.pop(), [length, ratio], shape, count, (row) => filling(row) / target));
  if (fromEnd) rows.reverse();
  const starts = new Uint32Array(rows.length + 1);
  const tops = new Float64Array(rows.length + 1);
  const heights = new Float64Array(rows.length);
  const most = rows.length > 1 ? MOST_CHANGE * target : target;
  rows.forEach((one, row) => {
    const height = filling(one) > most ? target : filling(one);
    starts[row + 1] = starts[row] + one[0];
    heights[row] = height;
    tops[row + 1] = tops[row] + height + gap;
  });
  return { starts, tops, heights, height: tops[rows.length] };
}

/**
 * The last full row and the pictures that are left over. These fill a row as well if they can: they
 * are a little larger, join the row before, or share evenly with it, whatever changes sizes least.
 */
function ended(before, rest, shape, count, size) {
  if (!before) return [rest];
  const [many, sum] = [before[0] + rest[0], before[1] + rest[1]];
  let [most, half] = [0, 0];
  while (most < many - 1 && half < sum / 2) half += shape(count - many + most++);
  const ways = [[before, rest], [[many, sum]], [[most, half], [many - most, sum - half]]];
  const change = (rows) => Math.max(...rows.map((row) => Math.abs(Math.log(size(row)))));
  const best = ways.reduce((one, other) => (change(other) < change(one) ? other : one));
  return change(best) < Math.log(MOST_CHANGE) ? best : ways[0];
}

/** The row at or before a value of `edges`, which ascend. */
export function rowAt(edges, value) {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** Where a picture lies: {row, left, top, width, height} in px. */
export function place(rows, shapes, index, gap) {
  const row = rowAt(rows.starts, index);
  const height = rows.heights[row];
  let left = 0;
  for (let n = rows.starts[row]; n < index; n++) left += (shapes[n] / 1000) * height + gap;
  return { row, left, top: rows.tops[row], width: (shapes[index] / 1000) * height, height };
}

/** The picture in a row whose middle is nearest to `x`. */
export function nearest(rows, shapes, row, x, gap) {
  const height = rows.heights[row];
  let left = 0;
  let best = rows.starts[row];
  let least = Infinity;
  for (let n = rows.starts[row]; n < rows.starts[row + 1]; n++) {
    const width = (shapes[n] / 1000) * height;
    const distance = Math.abs(left + width / 2 - x);
    if (distance < least) [best, least] = [n, distance];
    left += width + gap;
  }
  return best;
}
