// Keys that mean the same wherever the focus is, and photos dropped anywhere.

import { dropped } from "./photos.js";

/** Hear the page's keys; `actions` are what they do. */
export function hearKeys(actions) {
  const plain = {
    o: () => actions.showOriginal(true),
    "+": () => actions.zoom(1.25),
    "=": () => actions.zoom(1.25),
    "-": () => actions.zoom(0.8),
    0: actions.fit,
    1: actions.zoomToPixels,
    "[": () => actions.go(-1),
    "]": () => actions.go(1),
    ",": () => actions.step(-1),
    ".": () => actions.step(1),
    p: () => actions.useTool("point"),
    b: () => actions.useTool("brush"),
    r: () => actions.useTool("rectangle"),
    k: () => actions.useTool("keep"),
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=range]):not([type=checkbox]), select");
    const isInDialog = Boolean(document.querySelector("dialog[open]"));
    const key = event.key.toLowerCase();
    if (key === "escape" && !isInDialog) {
      actions.giveUp();
    } else if (event.ctrlKey || event.metaKey) {
      if (key === "z" && !isTyping) actions.undo(event.shiftKey);
      else if (key === "y" && !isTyping) actions.undo(true);
      else if (key === "s") actions.save();
      else return;
      event.preventDefault();
    } else if (!isTyping && !event.altKey && !isInDialog) {
      plain[key]?.();
    }
  });
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "o") actions.showOriginal(false);
  });
}

/** Hear files being dropped anywhere; `add` takes them. */
export function hearDrops(add) {
  const sign = document.getElementById("dropping");
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    sign.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) sign.hidden = true;
  });
  document.addEventListener("drop", async (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    sign.hidden = true;
    add(await dropped(event.dataTransfer));
  });
}
