// Streamlit changes its own colours by itself and runs nothing; what our side has coloured must be asked for again.
export default function ({ setTriggerValue }) {
  const app = document.querySelector('.stApp');
  const scheme = () => getComputedStyle(app).colorScheme;
  let drawn = scheme();
  const watch = new MutationObserver(() => {
    const now = scheme();
    if (now === drawn) return;
    drawn = now;
    setTriggerValue('theme', now);
  });
  watch.observe(app, { attributeFilter: ['class'] });
  return () => watch.disconnect();
}
