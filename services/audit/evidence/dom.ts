// Elements of the page of an evidence file.

export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

export function made(tag: string, attributes: Readonly<Record<string, string>>, text = ""): HTMLElement {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

export function drawn(tag: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.textContent = text;
  return node;
}

export function rowOf(cells: readonly string[], tag = "td"): HTMLElement {
  const row = made("tr", {});
  row.append(...cells.map((text) => made(tag, {}, text)));
  return row;
}
