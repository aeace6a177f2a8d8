// The page as a whole: which photos there are, which one is open, and what its buttons and keys do.

import { Adjusting } from "./adjusting.js";
import { Changes } from "./changes.js";
import { learnNames } from "./color_names.js";
import { Palette } from "./colours.js";
import { Connection } from "./connection.js";
import { Film } from "./film.js";
import { Hinting } from "./hinting.js";
import { hearDrops, hearKeys } from "./keys.js";
import { Models } from "./models.js";
import { Intake, Strip, chosen, forget, restore } from "./photos.js";
import { Place, Saving, hearPalette, loadHints, readJson } from "./saving.js";
import { Gone, addressOf, ask, askJson, coloursOf, listen, plainColours, sendJson } from "./server.js";
import { Histories, Recent, keepPage } from "./sessions.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { Notices, Progress } from "./telling.js";
import { Timeline } from "./timeline.js";
import { Viewing } from "./viewing.js";

const find = (id) => document.getElementById(id);
const wait = (isWaiting) => find("waiting").toggleAttribute("hidden", !isWaiting);
const OPEN = "colorizer-open"; // the photo that is open in this tab
const photos = new Map();
const removed = new Map(); // {photo, next}, with the photo that came after it
let session = null;
let current = null;

const notices = new Notices(find("notices"));
const say = (sentence) => notices.say(sentence);
const progress = new Progress(find("progress"), find("progress-bar"), find("stop"), find("go-on"));
const stage = new Stage(find("stage"), {
  clicked: (place, point) => hinting.clicked(place, point),
  dragged: (from, to) => hinting.dragged(from, to),
  released: (isComplete) => hinting.released(isComplete),
  moved: () => {
    hinting.pins.place();
    viewing.moved();
    find("zoom").value = stage.photo ? `${Math.round(stage.view.scale * devicePixelRatio * 100)} %` : "";
  },
});
const connection = new Connection(notices, {
  begin,
  again: (photo) => photo === current && viewing.recolour(photo),
});
const viewing = new Viewing(stage, {
  coloured: () => {
    wait(false);
    timeline.show();
    hinting.show(); // whose frame may have another time than was asked for
  },
  merged: (photo) => changedElsewhere(photo),
  conflicted: ({ name, id }) =>
    notices.say(`Another tab changed ${name} at the same time; its colors are shown. Undo brings back yours.`, id),
  failed: (error, photo) => {
    wait(false);
    if (error instanceof Gone) connection.lostFor(photo);
    else if (!stage.pictures.colour) showFailure(error.message);
    else notices.say(error.message, photo.id);
  },
});
const models = new Models(find("model"), find("model-line"), { say });
const palette = new Palette(find("palette"), {
  chosen: (colour) => hinting.give(colour),
  changed: (count) => {
    find("save-palette").disabled = !count;
    find("palette-help").hidden = count > 0;
  },
  kept: (entries) => keepPage({ palette: entries }),
});
const hinting = new Hinting(stage, palette, {
  changed: () => recoloured(),
  say: (sentence) => notices.say(sentence, "taking", true),
  reopen: (photo) => open(photo.id),
});
const adjusting = new Adjusting({
  changed: () => {
    hinting.show();
    recoloured();
  },
  undone: () => hinting.choice.close(),
});
const timeline = new Timeline({
  moved: () => {
    film.endPlay();
    hinting.open(current);
    recoloured();
  },
});
const place = new Place(find("place-row"), find("place"), (chosen) => {
  keepPage({ place: chosen });
  saving.moved();
});
const film = new Film({ say, place, ready: () => viewing.settled(), seek: (seconds) => timeline.seek(seconds) });
const histories = new Histories();
const recent = new Recent(find("recent"), { say, refresh: () => begin() });
const strip = new Strip(find("thumbnails"), (id) => open(id));
const saving = new Saving(find("saving"), find("save"), find("save-all"), {
  say,
  place,
  ready: () => viewing.settled(),
});
const share = new Share({ ready: () => viewing.settled(), divider: () => stage.share });
const intake = new Intake({
  taken: (photo, file) => {
    see(photo);
    photos.get(photo.id).file = file;
    if (!photo.film) strip.showGray(photo.id, file).then(() => showMeanwhile(photo.id));
    if (!current) open(photo.id);
  },
  told: (said) => progress.taking(said),
  failed: say,
});

/** The colours of the open photo are others. */
function recoloured() {
  adjusting.show();
  timeline.show();
  viewing.recolour(current);
}

/** Another tab has changed a photo's colours. */
function changedElsewhere(photo) {
  if (photo !== current) return;
  hinting.changedElsewhere();
  recoloured();
}

/** Learn what a photo is like now, from the server's description. */
function see(described) {
  const back = removed.get(described.id);
  const known = photos.get(described.id) ?? back?.photo;
  if (known && described.version < known.version) return; // an event was faster than the answer
  const colours = plainColours(described);
  const photo = Object.assign(known ?? { changes: new Changes(colours, described.revision) }, described);
  if (photo.changes.learn(colours, described.revision)) changedElsewhere(photo);
  if (photo.film) photo.time ??= 0;
  histories.watch(photo);
  photos.set(photo.id, photo);
  removed.delete(photo.id);
  strip.update(photo, back?.next);
  document.body.classList.remove("is-empty");
  progress.count([...photos.values()]);
  if (photo === current && photo.state === "failed") showFailure(photo.sentence);
  if (photo === current) film.show();
  showKept(current);
  saving.enable(current, [...photos.values()]);
}

async function open(id) {
  const photo = photos.get(id);
  if (!photo || photo === current) return;
  current = photo;
  keepPage({ open: id });
  sessionStorage.setItem(OPEN, id);
  histories.load(photo).then((isRestored) => isRestored && photo === current && adjusting.show());
  strip.open(id);
  hinting.open(photo);
  showFailure("");
  showParts(photo);
  stage.element.setAttribute("aria-label", `Photo ${photo.name}`);
  document.title = `${photo.name.split("/").at(-1)} · Colorizer studio`;
  if (photo.state === "failed") {
    viewing.close();
    showFailure(photo.sentence);
    return;
  }
  wait(true);
  const shown = viewing.open(photo);
  showMeanwhile(id);
  await shown;
}

/** Show the open photo small until its pictures are there; a film's small picture is of another frame. */
function showMeanwhile(id) {
  const picture = current?.id === id && !current.film && strip.pictureOf(id);
  if (picture) stage.showMeanwhile(picture);
}

/** Whether the open photo is left in its own colors. */
function showKept(photo) {
  const isKept = Boolean(photo?.keeps_colors);
  find("in-color").hidden = !isKept;
  find("recolor-all").hidden = kept().length < 2;
  stage.element.classList.toggle("keeps-colors", isKept);
}

/** Give all photos the adjustment of the open one; each can undo it. */
async function adjustAll() {
  if (!current) return;
  await viewing.settled();
  const { vividness, restore_contrast, repair = false } = current.changes.now;
  const adjustment = { vividness, restore_contrast, repair };
  const others = [...photos.values()].filter(({ film, state }) => !film && state !== "failed");
  for (const { changes } of others) {
    changes.make({ ...changes.now, ...adjustment });
    changes.sent = changes.now; // so that the server's answer counts as this page's own change
  }
  try {
    await sendJson("adjusted", adjustment);
    notices.say(`${others.length} photos have this adjustment now.`, "adjusted");
  } catch (error) {
    notices.say(error.message);
  }
  adjusting.show();
}

/** The photos that are left in their own colors. */
function kept() {
  return [...photos.values()].filter(({ keeps_colors }) => keeps_colors);
}

/** Give new colors to photos that have their own. */
async function recolor(wanted) {
  try {
    for (const { id } of wanted) {
      await ask(`photos/${id}/recolored`, { method: "POST" });
      see(await askJson(`photos/${id}`));
    }
    if (wanted.includes(current)) viewing.recolour(current);
  } catch (error) {
    notices.say(error.message);
  }
}

/** Let every part of the page work on a photo or film, or on none. */
function showParts(photo) {
  adjusting.open(photo);
  timeline.open(photo);
  film.open(photo);
  showKept(photo);
  saving.enable(photo, [...photos.values()]);
}

function showFailure(sentence) {
  find("failure").textContent = sentence;
  find("failure").hidden = !sentence;
  if (sentence) wait(false);
}

async function removeCurrent() {
  if (!current) return;
  const { id, name } = current;
  try {
    await viewing.settled(); // what was changed last is restored, too
    await forget(id);
    dropOut(id);
    notices.say(`${name} was removed.`, `removed ${id}`, false, { label: "Undo", act: () => bringBackRemoved(id) });
  } catch (error) {
    notices.say(error.message);
  }
}

async function bringBackRemoved(id) {
  try {
    see(await restore(id));
    open(id);
  } catch (error) {
    notices.say(error instanceof Gone ? error.message : "The photo is gone, since its room was needed. Add it again.");
  }
}

/** Show a photo no more, and its neighbour in its place. */
function dropOut(id) {
  const photo = photos.get(id);
  if (!photos.delete(id)) return;
  removed.set(id, { photo, next: strip.neighbour(id, 1) });
  const next = strip.neighbour(id, 1) ?? strip.neighbour(id, -1);
  strip.remove(id);
  progress.count([...photos.values()]);
  if (current?.id !== id) return;
  current = null;
  hinting.open(null);
  viewing.close();
  showFailure("");
  showParts(null);
  document.body.classList.toggle("is-empty", !photos.size);
  if (next) open(next);
}

function add(files) {
  if (files.length && session) intake.add(files, session);
  else notices.say(session ? "There is no file in this." : "The studio does not answer yet; try it again in a moment.");
}

function showOriginal(isShown) {
  stage.showOriginal(isShown);
  find("hold-original").setAttribute("aria-pressed", isShown);
}

async function begin() {
  const told = await askJson("session");
  const before = session;
  session = told;
  learnNames(told.color_names);
  models.show(told.models, told.model);
  recent.show(told.recent);
  palette.show(told.page.palette ?? []);
  place.show(told.folder, told.page.place);
  for (const element of document.querySelectorAll(".program")) element.textContent = told.program;
  if (before && before.id !== told.id) return beginOther(before, told);
  told.photos.forEach(see);
  openFirst(told);
}

/** Show the photo that was open last, in this tab or in another one, if none is open. */
function openFirst({ photos: listed, page }) {
  if (current || !listed.length) return;
  const wanted = [sessionStorage.getItem(OPEN), page.open].find((id) => photos.has(id));
  open(wanted ?? listed[0].id);
}

/** The studio was started again, or an earlier session is continued. */
async function beginOther(before, told) {
  if (!told.photos.length && told.recent.some(({ id }) => id === before.id)) {
    await ask(`sessions/${before.id}/continued`, { method: "POST" }).catch(() => {}); // another tab may have done so
    told = session = await askJson("session");
  }
  const ids = new Set(told.photos.map(({ id }) => id));
  const held = [...photos.values()];
  if (held.length && !held.some(({ id }) => ids.has(id))) return bringBack();
  for (const { id } of held.filter((photo) => !ids.has(photo.id))) dropOut(id);
  for (const photo of photos.values()) photo.version = -1; // the new process counts from 0
  told.photos.forEach(see);
  for (const photo of photos.values()) if (photo.changes.now !== photo.changes.sent) viewing.recolour(photo);
  openFirst(told);
}

/** The studio was restarted and has no photos: upload again what this page still has. */
async function bringBack() {
  const held = [...photos.values()];
  for (const { id } of held.filter((photo) => photo !== current)) dropOut(id);
  if (current) dropOut(current.id);
  removed.clear();
  const files = held
    .filter(({ file }) => file)
    .map(({ name, file, changes }) => ({
      name,
      file,
      then: async ({ id }) => {
        const photo = photos.get(id);
        photo.changes = Object.assign(changes, { sent: photo.changes.sent, revision: photo.revision });
        if (changes.past.length) await sendJson(`${addressOf(photo)}/colours`, coloursOf(photo), "PUT");
        if (photo === current) {
          hinting.show();
          recoloured();
        }
      },
    }));
  if (files.length < held.length) notices.say("The studio was restarted. Choose the missing photos again.");
  if (files.length) await intake.add(files, session);
}

function hear() {
  const on = (id, kind, heard) => find(id).addEventListener(kind, heard);
  const onAll = (selector, heard) =>
    document.querySelectorAll(selector).forEach((element) => element.addEventListener("click", heard));
  onAll(".choose-photos", () => find("files").click());
  onAll(".choose-folder", () => find("folder").click());
  for (const id of ["files", "folder"]) {
    on(id, "change", (event) => {
      add(chosen(event.target.files));
      event.target.value = "";
    });
  }
  on("zoom-in", "click", () => stage.zoom(1.5));
  on("zoom-out", "click", () => stage.zoom(1 / 1.5));
  on("zoom-fit", "click", () => stage.fit());
  on("zoom-pixels", "click", () => stage.photo && stage.zoomToPixels());
  on("hold-original", "click", () => showOriginal(!stage.showsOriginal));
  on("save-hints", "click", () => saving.hints(current));
  on("load-hints", "click", async () => {
    const loaded = await readJson(say);
    if (!loaded) return;
    loadHints(loaded, current, [...photos.values()], {
      change: (colours) => adjusting.change(colours),
      say,
    });
  });
  hearPalette(palette, say);
  on("save", "click", () => saving.photo(current));
  on("save-all", "click", () => saving.all());
  on("adjust-all", "click", adjustAll);
  on("open-share", "click", () => current && share.open(current));
  on("sample", "click", async () => {
    try {
      open((await askJson("sample", { method: "POST" })).id);
    } catch (error) {
      notices.say(error.message);
    }
  });
  on("remove", "click", removeCurrent);
  on("recolor", "click", () => recolor([current]));
  on("recolor-all", "click", () => recolor(kept()));
  on("stop", "click", () => {
    const left = intake.stop();
    if (left) notices.say(`${left} ${left === 1 ? "photo was" : "photos were"} not taken in, since you stopped it.`);
    ask("stop", { method: "POST" }).catch((error) => notices.say(error.message));
  });
  on("go-on", "click", () => ask("go-on", { method: "POST" }).catch((error) => notices.say(error.message)));
  on("open-about", "click", () => find("about").showModal());
  hearKeys({
    undo: (isForward) => adjusting.undo(isForward),
    showOriginal,
    save: () => (current?.film ? film.save() : saving.photo(current)),
    step: (frames) => timeline.step(frames),
    zoom: (factor) => stage.zoom(factor),
    fit: () => stage.fit(),
    zoomToPixels: () => stage.photo && stage.zoomToPixels(),
    go: (steps) => current && open(strip.neighbour(current.id, steps)),
    useTool: (tool) => hinting.drawing.choose(tool),
    giveUp: () => hinting.giveUp(),
  });
  hearDrops(add);
}

find("unscripted").remove();
// The token has become a cookie; what stays in the history of a browser should not open the page.
history.replaceState(null, "", location.pathname);
hear();
listen(
  {
    photo: (described) => {
      see(described);
      if (!current && session) open(described.id); // the first one, which another tab has added
    },
    removed: ({ id }) => dropOut(id),
    session: ({ id }) => id !== session?.id && begin(),
    palette: (entries) => palette.show(entries),
    progress: (said) => progress.colouring(said),
    film: (said) => film.colouring(said),
    zip: (said) => saving.zipping(said),
    model: ({ id }) => {
      models.use(id);
      if (current) viewing.recolour(current);
    },
  },
  () => connection.lost(),
  () => connection.found(),
);
