// The page's own icons, drawn here so that they look alike on machines without an emoji font.
const PATHS = {
  lock: "M5 9V6.5a5 5 0 0 1 10 0V9M4 9h12v8H4z",
  clip: "M14.5 9.5 9 15a3.2 3.2 0 0 1-4.5-4.5L11 4a2.2 2.2 0 0 1 3.1 3.1L8 13.2",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 7.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8",
  reply: "M4 4h12v9H9l-4 3.5V13H4z",
  more: "M10 4.5v.1M10 10v.1M10 15.5v.1",
  file: "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5",
  send: "M3 4l14 6-14 6 2.5-6zM5.5 10H11",
  image: "M3 4h14v12H3zM3 14l4-4 3 3 3-4 4 5",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon-${name} glyph`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
