(async (key, live) => {
  const here = document.currentScript?.parentElement;
  const place = here?.dataset.liveOutput === key ? here : [...document.querySelectorAll(`[data-live-output="${key}"]`)].pop();
  const mounts = (window.liveMounts ??= {});
  const unpacked = async (text) => {
    const bytes = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
    return new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const add = (tag, text) => document.head.append(Object.assign(document.createElement(tag), { textContent: text }));
  const picture = place.firstElementChild;
  place.showFigure = async () => {
    if (!live) return;
    const shared = ((window.liveRuntimes ??= {})[live.version] ??= { waiting: [] });
    if (live.runtime && !shared.started) {
      shared.started = true;
      const { styles, scripts } = JSON.parse(await unpacked(live.runtime));
      add("style", styles);
      add("script", scripts);
      shared.figures = window.liveFigures;
      shared.waiting.forEach((go) => go());
    }
    if (!shared.figures) await new Promise((go) => shared.waiting.push(go));
    const root = document.createElement("div");
    root.innerHTML = await unpacked(live.figure);
    if (place.mounted) return;
    picture.replaceChildren(root);
    await shared.figures.start(root, live.module);
    place.dataset.live = "ready";
  };
  if (mounts[key]) mounts[key](place);
  else place.showFigure();
})
