import { useDelayed } from './hooks';

const WIDTHS = [62, 38, 74, 52];

/** Grey lines in the shape of messages, only for a load that takes its time. */
export function Skeleton() {
  const shown = useDelayed(200);
  if (!shown) return null;
  return (
    <div className="skeleton" aria-hidden="true">
      {WIDTHS.map((width) => (
        <div key={width}>
          <i />
          <span>
            <i style={{ width: 96 }} />
            <i style={{ width: `${String(width)}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
