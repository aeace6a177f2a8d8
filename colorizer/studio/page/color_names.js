// Names for colors, so that a list of hints can be read: the nearest one that CSS has.

let known = []; // {name, place}, the place in Oklab

/** Take the colors that have names: {name: "#rrggbb"}. */
export function learnNames(colors) {
  const names = new Set(Object.keys(colors));
  known = Object.entries(colors).map(([name, hex]) => ({ name: spaced(name, names), place: oklab(hex) }));
}

/** The name of the color nearest to "#rrggbb"; the digits themselves as long as no names are known. */
export function nameOf(hex) {
  const place = oklab(hex);
  const farness = (other) => Math.hypot(...place.map((value, axis) => value - other.place[axis]));
  const [first, ...others] = known;
  return first ? others.reduce((best, other) => (farness(other) < farness(best) ? other : best), first).name : hex;
}

/** A name of CSS in separate words: "dark slate gray" of "darkslategray". */
function spaced(name, names) {
  for (let start = 3; start < name.length; start += 1) {
    const last = name.slice(start);
    if (names.has(last)) return `${spaced(name.slice(0, start), names)} ${spaced(last, names)}`;
  }
  return name;
}

/** Björn Ottosson's Oklab, in which distances are about as large as they look. */
function oklab(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const level = parseInt(hex.slice(at, at + 2), 16) / 255;
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  });
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}
