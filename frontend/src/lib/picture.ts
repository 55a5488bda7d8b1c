/** A PNG of what is on screen: the drawing with its title above and its source below. */

const PAD = 16;
const RATIO = 2;

function background(element: Element): string {
  return getComputedStyle(element).getPropertyValue("--surface").trim() || "#ffffff";
}

/** An SVG as an image: computed colors are written into it, for it stands alone then. */
async function imageOf(svg: SVGSVGElement): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  to.forEach((element, index) => {
    const source = from[index];
    if (!source) return;
    const css = getComputedStyle(source);
    const names = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity"];
    for (const name of [
      ...names,
      "font-family",
      "font-size",
      "font-weight",
      "text-anchor",
      "dominant-baseline",
    ])
      (element as SVGElement).style.setProperty(name, css.getPropertyValue(name));
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const image = new Image();
  const text = new XMLSerializer().serializeToString(copy);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  return image;
}

export async function pngOf(host: Element, title: string, source: string): Promise<Blob> {
  const box = host.getBoundingClientRect();
  const css = getComputedStyle(host);
  const canvas = document.createElement("canvas");
  const head = 28;
  const foot = source ? 22 : 0;
  canvas.width = Math.round((box.width + 2 * PAD) * RATIO);
  canvas.height = Math.round((box.height + head + foot + 2 * PAD) * RATIO);
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser does not draw images.");
  ctx.scale(RATIO, RATIO);
  ctx.fillStyle = background(host);
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = css.color;
  ctx.font = `600 15px ${css.fontFamily}`;
  ctx.fillText(title, PAD, PAD + 14);
  for (const element of host.querySelectorAll("canvas, svg")) {
    const place = element.getBoundingClientRect();
    if (place.width < 1 || place.height < 1) continue;
    const drawn = element instanceof HTMLCanvasElement ? element : await imageOf(element as SVGSVGElement);
    ctx.drawImage(
      drawn,
      PAD + place.left - box.left,
      PAD + head + place.top - box.top,
      place.width,
      place.height,
    );
  }
  ctx.font = `11px ${css.fontFamily}`;
  ctx.globalAlpha = 0.75;
  if (source) ctx.fillText(source, PAD, PAD + head + box.height + 16);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The image could not be made."))));
  });
}
