// Streamlit changes its own colours by itself and runs nothing; what our side has coloured must be asked for again.
// What it was drawn in is told, because the browser may have changed before this here was there to see it.
const MOST_TRIES = 3;
let tries = 0;

export default function ({ data, setTriggerValue }) {
  const app = document.querySelector('.stApp');
  const follow = () => {
    const now = getComputedStyle(app).colorScheme;
    if (now === data.drawn || !['light', 'dark'].includes(now)) {
      tries = 0;
    } else if (tries < MOST_TRIES) {
      tries += 1;
      setTriggerValue('theme', now);
    }
  };
  follow();
  const watch = new MutationObserver(follow);
  watch.observe(app, { attributeFilter: ['class'] });
  return () => watch.disconnect();
}
