// What goes to the studio's own server and what comes back. Addresses are relative, so that a proxy may stand before.

const CHANGES = { "X-Colorizer-Studio": "1" };

/** A refusal; its message is the server's own sentence. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The server does not answer at all. */
export class Gone extends Error {}

/** Ask for an address; resolve to the response, or throw Refused or Gone. */
export async function ask(address, { method = "GET", body, headers = {}, signal, keepalive } = {}) {
  let response;
  try {
    const own = method === "GET" ? {} : CHANGES;
    response = await fetch(address, { method, body, signal, keepalive, headers: { ...own, ...headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Gone("The studio does not answer.");
  }
  if (response.ok) return response;
  let sentence = "The studio could not do this.";
  try {
    sentence = (await response.json()).error;
  } catch {
    // A proxy's own page, which says nothing to a person.
  }
  throw new Refused(sentence, response.status);
}

export async function askJson(address, options) {
  return (await ask(address, options)).json();
}

/** Ask for a picture, and decode it. */
export async function askPicture(address, options) {
  return createImageBitmap(await (await ask(address, options)).blob());
}

export function sendJson(address, content, method = "POST", signal = undefined) {
  return ask(address, { method, body: JSON.stringify(content), signal });
}

/** Send one photo's bytes; its name goes beside them. */
export async function sendPhoto(name, file, signal) {
  const headers = { "X-Photo-Name": encodeURIComponent(name), "Content-Type": "application/octet-stream" };
  return (await ask("photos", { method: "POST", body: file, headers, signal })).json();
}

/** Where the server has what is seen of a photo, or of a film. */
export function addressOf({ id, film }) {
  return `${film ? "films" : "photos"}/${id}`;
}

/** A photo's newest colours as the server takes them; of a film, with the time of the frame that is open. */
export function coloursOf({ film, time, changes }) {
  return film ? { ...changes.now, time } : changes.now;
}

/** The colours in the server's description of a photo. */
export function plainColours({ hints, vividness, restore_contrast, repair }) {
  return { hints, vividness, restore_contrast, repair };
}

/** Let the browser save what is at an address. */
export function download(address, name = "") {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

export function downloadText(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  download(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Listen to the server's events; `lost` and `found` are called when it goes, and when it is there again. */
export function listen(kinds, lost, found) {
  const source = new EventSource("events");
  for (const [kind, heard] of Object.entries(kinds)) {
    source.addEventListener(kind, (event) => heard(JSON.parse(event.data)));
  }
  source.onopen = found;
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(kinds, lost, found), 2_000);
    }
  };
}
