/* A plot in JupyterLab: Plotly's own widget code, which reaches the page once, fitted to the width of its place. */
async function plotlyOf(model) {
  const shared = await model.widget_manager.get_model(model.get("library").replace("IPY_MODEL_", ""));
  const source = () => new Blob([shared.get("source")], { type: "text/javascript" });
  return (shared.loaded ??= import(URL.createObjectURL(source())));
}

export default () => {
  let plot;
  return {
    async initialize({ model }) {
      plot = (await plotlyOf(model)).default();
      plot.initialize({ model });
    },
    render({ model, el }) {
      const remove = plot.render({ model, el });
      // Plotly listens to the window alone, but side bars change a cell's width too.
      const watch = new ResizeObserver(() => el._responsiveChartHandler?.());
      watch.observe(el);
      return () => {
        watch.disconnect();
        remove();
      };
    },
  };
};
