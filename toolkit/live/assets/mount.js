/* Puts a figure's widgets into its output, in place of the picture; when they are closed, the page's figure comes. */
export default {
  async initialize({ model }) {
    const manager = model.widget_manager;
    const box = await manager.get_model(model.get("box").replace("IPY_MODEL_", ""));
    const mounts = (window.liveMounts ??= {});
    const key = model.get("key");

    async function mount(place) {
      place.mounted = true;
      const view = await manager.create_view(box);
      while (!place.isConnected) await new Promise(requestAnimationFrame);
      const { luminoWidget } = view;
      place.firstElementChild.replaceChildren();
      luminoWidget.constructor.attach(luminoWidget, place.firstElementChild);
      view.once("remove", () => {
        place.mounted = false;
        place.showFigure();
      });
    }

    mounts[key] = mount;
    box.once("comm:close", () => delete mounts[key]);
    document.querySelectorAll(`[data-live-output="${key}"]`).forEach(mount);
  },
};
